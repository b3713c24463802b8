"""May a source be used for what a recipe is for, today? Holding, use and operation rights, granted apart (持有权, 使用权, 经营权).

Aligned with the policy on enterprise data (促进企业数据资源开发利用的意见): whoever trains on data needs the right to use it; whoever
gives it to others needs the right to operate it. An open license grants both and is judged by the mixing rules; this module
judges grants, mandates, reservations, disputes and transfers. Every run asks again, by date and purpose.
"""

from collections.abc import Iterable
from datetime import date

from curation.decisions import Decision
from curation.manifest import Grant, Source
from curation.recipe import Use

MOST_ILLEGAL = 0.05  # TC260-003: a source with more is not collected
RIGHTS = ("holding", "use", "operation")
TRAINING = {"ai_training", "training", "train_internal", "any"}


def fault(source: Source, use: Use, today: date, known: Iterable[Decision], organisation: str | None) -> str | None:
    """Why the source may not be used so, as one line that says what to do; null when it may."""
    own = [one for one in known if one.subject.get("source") == source.id]
    for one in own:
        if one.kind == "dispute":
            return f"is under dispute since {one.day} (decision {one.number}: {one.because}); `curate revoke {one.number} --because TEXT` when it is resolved"
    sample = source.safety_presample
    if sample and sample.illegal_n > MOST_ILLEGAL * sample.n:
        return f"had {sample.illegal_n} of {sample.n} documents with illegal content in its assessment; more than {MOST_ILLEGAL:.0%} is refused"
    if (reserved := _reserved(source)) and use.purpose != "train_internal" and not use.accept_reservation:
        return f"reserves text and data mining ({reserved}); ask its holder, or say accept_reservation in the recipe's `use` with the reason"
    needed = ["use"] if use.purpose == "train_internal" else ["use", "operation"]
    for right in needed:
        for one in reversed(own):
            if one.kind == "transfer" and right in one.facts["rights"] and one.facts["date"] <= today.isoformat():
                if one.facts["to"] != organisation:
                    return f"the {right} right went to {one.facts['to']} on {one.facts['date']} ({one.facts['event']}); a grant by {one.facts['to']} is needed"
                break
    if source.processing_mandate and source.processing_mandate.kind == "entrusted":
        if not source.processing_mandate.by:
            return "is processed for another: processing_mandate.by must name who entrusted it"
        if use.purpose != "train_internal":
            return f"is entrusted by {source.processing_mandate.by} and grants no right to give it to others"
    if source.rights is None:
        if source.source_type == "public_data":
            return "is public data: rights.use needs the authorisation agreement as its basis"
        return None
    for right in needed:
        if why := _grant(source, right, getattr(source.rights, right), use, today):
            return why
    return None


def _reserved(source: Source) -> str | None:
    said = source.tdm_reservation or {}
    if str(said.get("value", "")).lower() in {"1", "true"}:
        return str(said.get("policy") or "tdm-reservation: 1")
    if source.crawl and source.crawl.robots_policy == "disallow":
        return "robots: disallow"
    return None


def _grant(source: Source, right: str, grant: Grant, use: Use, today: date) -> str | None:
    name = f"rights.{right}"
    if not grant.granted:
        return f"{name} is not granted; the recipe's purpose {use.purpose} needs it"
    if grant.valid_from and today < grant.valid_from:
        return f"{name} begins on {grant.valid_from}"
    if grant.valid_until and today > grant.valid_until:
        return f"{name} expired on {grant.valid_until}; renew the {grant.basis or 'grant'} and its evidence in data/sources/{source.id}.yaml"
    if right == "use" and grant.ai_training_allowed is False:
        return f"{name} forbids training (ai_training_allowed: false)"
    if right == "use" and grant.purposes and not ({use.purpose} | TRAINING) & set(grant.purposes):
        return f"{name} is granted for {', '.join(grant.purposes)} and not for {use.purpose}"
    if use.territory and grant.territory and not set(use.territory) <= set(grant.territory):
        return f"{name} holds in {', '.join(grant.territory)} and not in {', '.join(sorted(set(use.territory) - set(grant.territory)))}"
    if source.source_type == "public_data" and right == "use":
        agreed = [e for e in grant.evidence if e.kind in {"contract", "law"}]
        if grant.basis not in {"administrative_agreement", "law"} or not agreed:
            return f"{name} of public data needs its authorisation agreement: basis administrative_agreement and its evidence"
    if right == "operation":
        allowed = grant.redistribution or "none"
        if allowed == "none" or (allowed == "derived" and use.purpose == "redistribute_verbatim"):
            return f"{name} allows redistribution: {allowed}; the recipe's purpose is {use.purpose}"
        if allowed == "verbatim" and use.purpose != "redistribute_verbatim":
            return f"{name} allows verbatim redistribution only; the recipe's purpose is {use.purpose}"
    return None
