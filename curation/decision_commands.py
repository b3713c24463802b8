"""The commands that decide: settle, dispute, transfer, withdraw, override, lower, revoke, decisions. Each writes one entry of the log."""

import argparse
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from curation.tongue import t

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
Answer = Callable[[argparse.Namespace, Any, list[str]], int]
Find = Callable[[argparse.Namespace], Any]


class Commands:
    """The commands with what the CLI gives them: how to find the workspace and how to answer."""

    def __init__(self, find: Find, answer: Answer) -> None:
        self._find, self._answer = find, answer

    def add_to(self, add: Add) -> None:
        """Register every command."""
        one = add("settle", self.settle, "settle the license of a source or a document whose claims are unclear or in conflict")
        one.add_argument("what", help="a source, a doc_id (or its first digits), or a native_id")
        one.add_argument(
            "--license", required=True, metavar="SPDX", help="an SPDX expression, or LicenseRef-<name> for a contract"
        )
        self._reasons(one, evidence=True)
        one = add("dispute", self.dispute, "stop a source until a dispute about its rights is resolved (`curate revoke`)")
        one.add_argument("source")
        self._reasons(one)
        one = add(
            "transfer", self.transfer, "record that rights in a source went to another (merger, division, dissolution, sale)"
        )
        one.add_argument("source")
        one.add_argument(
            "--to", required=True, metavar="NAME", help="who holds them now; this workspace's `organisation` is itself"
        )
        one.add_argument("--rights", default="holding,use,operation", help="default: holding,use,operation")
        one.add_argument("--event", required=True, choices=("merger", "division", "dissolution", "sale", "other"))
        one.add_argument("--date", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD", help="when they went over")
        self._reasons(one)
        one = add("withdraw", self.withdraw, "take texts back: out of the next version, and marked in those that hold them")
        named = one.add_mutually_exclusive_group(required=True)
        for by in ("source", "document", "url", "license", "domain"):
            named.add_argument(f"--{by}", metavar=by.upper())
        one.add_argument("--purge", action="store_true", help="remove the words from every place that this workspace reaches")
        self._reasons(one)
        one = add("override", self.override, "allow what a rule refuses by default, with the number of an assessment")
        one.add_argument("source")
        one.add_argument("--rule", required=True, choices=("important_data", "merged_persons"))
        one.add_argument("--assessment", required=True, metavar="ID")
        self._reasons(one)
        one = add("lower", self.lower, "lower a source's level after a recorded assessment of its de-identification")
        one.add_argument("source")
        one.add_argument("--to", required=True, choices=("L1", "L2", "L3", "L4"))
        one.add_argument("--assessment", required=True, metavar="ID", help="such as one after GB/T 42460-2023")
        self._reasons(one, evidence=True)
        one = add("revoke", self.revoke, "take a decision back; it stays in the log")
        one.add_argument("number", type=int)
        one.add_argument("--because", required=True, metavar="TEXT")
        one = add("sample", self.sample, "draw what people have to read (TC260-003), or take their verdicts in")
        one.add_argument("dataset")
        one.add_argument("--out", type=Path, metavar="FILE", help="write the documents that are not judged yet as JSONL")
        one.add_argument(
            "--verdicts", type=Path, metavar="FILE", help="the same rows with verdict (pass, fail), risk and reviewer filled in"
        )
        add("decisions", self.decisions, "the log of decisions, newest last")

    @staticmethod
    def _reasons(one: argparse.ArgumentParser, evidence: bool = False) -> None:
        one.add_argument("--because", required=True, metavar="TEXT")
        one.add_argument(
            "--evidence",
            type=Path,
            action="append",
            default=[],
            required=evidence,
            metavar="FILE",
            help="kept by digest; may be given again",
        )

    def settle(self, asked: argparse.Namespace) -> int:
        """A source by its name, else a document."""
        from curation import decisions
        from curation.errors import DeclarationError
        from curation.license import normalise
        from curation.questions import why

        workspace = self._find(asked)
        spdx = normalise(asked.license)
        if spdx is None:
            raise DeclarationError(
                f"--license {asked.license!r} is no SPDX expression; allowed: such as CC-BY-4.0, or LicenseRef-<name>"
            )
        if asked.what in workspace.names("sources"):
            subject = {"source": asked.what}
        else:
            subject = {"document": why.ask(workspace, asked.what)["doc_id"]}
        proof = decisions.evidence(asked.evidence)
        made = decisions.append(workspace, "settle", subject, asked.because, proof=proof, license=spdx)
        return self._told(asked, made, f"{next(iter(subject.values()))} is under {spdx} from the next run on")

    def dispute(self, asked: argparse.Namespace) -> int:
        """Every run refuses the source until the decision is revoked."""
        return self._about_source(asked, "dispute", f"{asked.source} is not used until `curate revoke` says that it is resolved")

    def transfer(self, asked: argparse.Namespace) -> int:
        """Rights from a day on."""
        from curation.errors import DeclarationError
        from curation.rights import RIGHTS

        wanted = [one.strip() for one in asked.rights.split(",")]
        if unknown := [one for one in wanted if one not in RIGHTS]:
            raise DeclarationError(f"--rights {unknown[0]!r}: allowed: {', '.join(RIGHTS)}")
        facts = {"to": asked.to, "rights": wanted, "event": asked.event, "date": asked.date.isoformat()}
        return self._about_source(
            asked, "transfer", f"{', '.join(wanted)} in {asked.source} went to {asked.to} on {asked.date}", **facts
        )

    def override(self, asked: argparse.Namespace) -> int:
        """What a rule refuses by default."""
        facts = {"rule": asked.rule, "assessment": asked.assessment}
        return self._about_source(asked, "override", f"{asked.rule} is allowed for {asked.source} by {asked.assessment}", **facts)

    def lower(self, asked: argparse.Namespace) -> int:
        """A level falls only by an assessment, and core data never."""
        from curation import catalog
        from curation.errors import DeclarationError
        from curation.levels import LEVELS

        level = catalog.source(self._find(asked), asked.source).data_level or "L1"
        if level == "CORE" or LEVELS.index(asked.to) >= LEVELS.index(level):
            raise DeclarationError(f"{asked.source} is {level}; allowed: a lower level, and none for core data")
        return self._about_source(
            asked, "lower", f"{asked.source} falls from {level} to {asked.to}", to=asked.to, assessment=asked.assessment
        )

    def withdraw(self, asked: argparse.Namespace) -> int:
        """By one of five names."""
        from curation import decisions, standing, withdrawal
        from curation.questions import why

        workspace = self._find(asked)
        by, value = next((by, getattr(asked, by)) for by in standing.BY if getattr(asked, by) is not None)
        if by == "document" and not withdrawal.unfinished(workspace, by, value):
            value = why.ask(workspace, value)["doc_id"]
        with workspace.lock(f"withdraw {value}"):
            receipt = withdrawal.withdraw(workspace, by, value, asked.because, decisions.evidence(asked.evidence), asked.purge)
        count = f"{receipt['documents']:,} document{'s' * (receipt['documents'] != 1)}"
        lines = [f"decision {receipt['decision']}: {count} withdrawn ({by} {value})"]
        lines += [f"  version with them: {one}" for one in receipt["affected_versions"]]
        lines += [f"  cleared: {one}" for one in receipt["cleared"]]
        lines += [f"  cannot be recalled: {one}" for one in receipt["cannot_recall"]]
        return self._answer(asked, receipt, lines)

    def sample(self, asked: argparse.Namespace) -> int:
        """How many are new, and where the reading stands."""
        from curation import sampling

        workspace = self._find(asked)
        if asked.verdicts:
            taken = sampling.record(workspace, asked.dataset, asked.verdicts)
            return self._answer(asked, taken, [f"decision {taken['decision']}: {taken['verdicts']:,} verdicts taken in"])
        found = sampling.manual(workspace, asked.dataset)
        if asked.out:
            known = sampling.verdicts(workspace, asked.dataset)
            rows = [r for r in sampling.drawn(workspace, asked.dataset, "manual").to_pylist() if r["text_sha256"] not in known]
            texts = sampling.texts_of(workspace, asked.dataset, {row["id"] for row in rows})
            blank = {"verdict": None, "risk": None, "reviewer": None}
            lines = [
                json.dumps({"id": r["id"], "text_sha256": r["text_sha256"], **blank, "text": texts[r["id"]]}, ensure_ascii=False)
                for r in rows
            ]
            asked.out.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
        rate = found["rate"]
        interval = f"{rate['low']:.4f}–{rate['high']:.4f}"
        said = t(
            f"{found['sample']:,} to read, {found['new']:,} new; {rate['passed']:,} of {rate['of']:,} judged passed (95 % interval {interval})",
            f"应读 {found['sample']:,}，未读 {found['new']:,}；已评判 {rate['of']:,} 份中通过 {rate['passed']:,}（95 % 区间 {interval}）",
        )
        return self._answer(asked, found, [said])

    def revoke(self, asked: argparse.Namespace) -> int:
        """One decision by its number."""
        from curation import decisions

        made = decisions.revoke(self._find(asked), asked.number, asked.because)
        return self._told(asked, made, f"decision {asked.number} no longer stands")

    def decisions(self, asked: argparse.Namespace) -> int:
        """All of them, checked while they are read."""
        from curation import decisions

        known = decisions.read(self._find(asked))
        stands = {one.number for one in decisions.standing(known)}
        lines = []
        for one in known:
            zh = decisions.in_chinese
            what = ", ".join(f"{t(key, zh(key))} {value[:40]}" for key, value in one.subject.items())
            revoked = "" if one.number in stands or one.kind == "revoke" else t(" [revoked]", "【已撤销】")
            lines.append(
                f"{one.number:>4}  {one.at[:16].replace('T', ' ')}  {t(one.kind, zh(one.kind)):<9} {what}"
                + t(f"  by {one.by.name} ({one.by.kind}){revoked}: ", f"  {one.by.name}（{zh(one.by.kind)}）{revoked}：")
                + one.because
            )
        return self._answer(asked, [one.model_dump() for one in known], lines or [t("no decisions yet", "尚无决定")])

    def _about_source(self, asked: argparse.Namespace, kind: str, said: str, **facts: Any) -> int:
        from curation import catalog, decisions

        workspace = self._find(asked)
        catalog.source(workspace, asked.source)
        proof = decisions.evidence(asked.evidence)
        made = decisions.append(workspace, kind, {"source": asked.source}, asked.because, proof=proof, **facts)
        return self._told(asked, made, said)

    def _told(self, asked: argparse.Namespace, made: Any, said: str) -> int:
        from curation import decisions

        return self._answer(
            asked,
            made.model_dump(),
            [t(f"decision {made.number}: {said}", f"决定 {made.number}（{decisions.in_chinese(made.kind)}）：{said}")],
        )
