"""The commands that decide: settle, dispute, transfer, withdraw, override, lower, revoke, decisions. Each writes one entry of the log."""

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

from curation.tongue import t, told

Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
Answer = Callable[[argparse.Namespace, Any, list[str]], int]
Find = Callable[[argparse.Namespace], Any]


class Commands:
    """The commands with what the CLI gives them: how to find the workspace and how to answer."""

    def __init__(self, find: Find, answer: Answer) -> None:
        self._find, self._answer = find, answer

    def add_to(self, add: Add) -> None:
        """Register every command."""
        one = add("approve", self.approve, "record a reviewer's decision about a dataset as it stands")
        one.add_argument("dataset")
        one.add_argument("--because", required=True, metavar="TEXT")
        one.add_argument("--reject", action="store_true", help="decide against it")
        one.add_argument(
            "--sign", type=Path, metavar="KEY", help="sign with this SSH key; needed where the level asks for two persons"
        )
        one.add_argument(
            "--as", dest="name", metavar="NAME", help="the signer's name in data/allowed_signers (default: git's user.email)"
        )
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
            help="its name and digest go into the log, keep the file; may be given again",
        )

    def approve(self, asked: argparse.Namespace) -> int:
        """Or reject: a dataset exactly as it stands; what the next run makes anew cannot be approved."""
        from curation import approval, published, signing
        from curation.decisions import Identity
        from curation.errors import DeclarationError
        from curation.questions import status
        from curation.versions import git

        workspace = self._find(asked)
        manifest = published.manifest(workspace, asked.dataset)
        decision: Literal["approve", "reject"] = "reject" if asked.reject else "approve"
        if not asked.reject:
            status.demand_current(workspace, asked.dataset)
        if asked.sign:
            said_by = asked.name or git(workspace.root, "config", "user.email", check=False)
            content = signing.message(decision, asked.dataset, manifest["digest"])
            signature = signing.sign(content, asked.sign)
            if not signing.key_of(workspace, said_by, content, signature):
                raise DeclarationError(f"{signing.SIGNERS}: no line of {said_by!r} with the key {asked.sign}")
            by = Identity(name=said_by, kind="git-signed", detail=asked.sign.name)
            made = approval.record(workspace, manifest, decision, asked.because, reviewer=said_by, by=by, signature=signature)
        else:
            made = approval.record(workspace, manifest, decision, asked.because)
        about = f"{made.dataset} {manifest['version']}"
        if asked.reject:
            said = t(
                f"rejected: {about} by {made.reviewer}, digest {made.digest[:16]}. Next: change its recipe or sources, then `curate run {made.dataset}`",
                f"已拒绝：{about}，{made.reviewer}，摘要 {made.digest[:16]}。下一步：修改配方或来源，再执行 `curate run {made.dataset}`",
            )
        else:
            said = t(
                f"approved: {about} by {made.reviewer}, digest {made.digest[:16]}. Next: `curate step release {made.dataset}`",
                f"已批准：{about}，{made.reviewer}，摘要 {made.digest[:16]}。下一步：`curate step release {made.dataset}`",
            )
        return self._answer(asked, made.model_dump(), [said])

    def settle(self, asked: argparse.Namespace) -> int:
        """A source by its name, else a document."""
        from curation import decisions
        from curation.errors import DeclarationError
        from curation.license import normalise
        from curation.questions import why
        from curation.questions.policy import refusing, unclear

        workspace = self._find(asked)
        spdx = normalise(asked.license)
        if spdx is None:
            raise DeclarationError(
                f"--license {asked.license!r} is no SPDX expression; allowed: such as CC-BY-4.0, or LicenseRef-<name>"
            )
        if asked.what in workspace.names("sources"):
            subject, what, source = {"source": asked.what}, asked.what, asked.what
        else:
            document = why.ask(workspace, asked.what)
            subject, what, source = {"document": document["doc_id"]}, document["doc_id"], document["source"]
        proof = decisions.evidence(asked.evidence)
        made = decisions.append(workspace, "settle", subject, asked.because, proof=proof, license=spdx)
        lines = [
            t(
                f"  still kept out of {dataset}: its policy {policy} does not take {spdx}",
                f"  仍不纳入 {dataset}：其策略 {policy} 不接受 {spdx}",
            )
            for dataset, policy in refusing(workspace, source, spdx)
        ]
        said = t(f"{what} is under {spdx} from the next run on", f"{what} 自下一次运行起按 {spdx}")
        if "source" in subject and (found := unclear(workspace, source)):
            count = sum(n for _, n in found)
            said += t(f": {count:,} documents whose license was not clear", f"：{count:,} 份许可不清的文档")
            lines = [*(t(f"  {n:,} claimed {claims}", f"  {n:,} 份曾称 {claims}") for claims, n in found[:8]), *lines]
        return self._told(asked, made, said, lines)

    def dispute(self, asked: argparse.Namespace) -> int:
        """Every run refuses the source until the decision is revoked."""
        said = t(
            f"{asked.source} is not used until `curate revoke` says that it is resolved",
            f"{asked.source} 停用，直至 `curate revoke` 说明争议已解决",
        )
        return self._about_source(asked, "dispute", said)

    def transfer(self, asked: argparse.Namespace) -> int:
        """Rights from a day on."""
        from curation.errors import DeclarationError
        from curation.rights import RIGHTS

        wanted = [one.strip() for one in asked.rights.split(",")]
        if unknown := [one for one in wanted if one not in RIGHTS]:
            raise DeclarationError(f"--rights {unknown[0]!r}: allowed: {', '.join(RIGHTS)}")
        facts = {"to": asked.to, "rights": wanted, "event": asked.event, "date": asked.date.isoformat()}
        said = t(
            f"{', '.join(wanted)} in {asked.source} went to {asked.to} on {asked.date}",
            f"{asked.source} 的 {'、'.join(wanted)} 权利自 {asked.date} 起归 {asked.to}",
        )
        return self._about_source(asked, "transfer", said, **facts)

    def override(self, asked: argparse.Namespace) -> int:
        """What a rule refuses by default."""
        facts = {"rule": asked.rule, "assessment": asked.assessment}
        said = t(
            f"{asked.rule} is allowed for {asked.source} by {asked.assessment}",
            f"依 {asked.assessment}，允许 {asked.source} 的 {asked.rule}",
        )
        return self._about_source(asked, "override", said, **facts)

    def lower(self, asked: argparse.Namespace) -> int:
        """A level falls only by an assessment, and core data never."""
        from curation import catalog
        from curation.errors import DeclarationError
        from curation.levels import LEVELS

        level = catalog.source(self._find(asked), asked.source).data_level or "L1"
        if level == "CORE" or LEVELS.index(asked.to) >= LEVELS.index(level):
            raise DeclarationError(f"{asked.source} is {level}; allowed: a lower level, and none for core data")
        said = t(f"{asked.source} falls from {level} to {asked.to}", f"{asked.source} 由 {level} 降为 {asked.to}")
        return self._about_source(asked, "lower", said, to=asked.to, assessment=asked.assessment)

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
        number, documents = receipt["decision"], receipt["documents"]
        lines = [
            t(
                f"decision {number}: {documents:,} document{'s' * (documents != 1)} withdrawn ({by} {value}), gone from the next run on",
                f"决定 {number}：撤回 {documents:,} 份文档（{decisions.in_chinese(by)} {value}），自下一次运行起移除",
            )
        ]
        lines += [t(f"  version with them: {one}", f"  含有它们的版本：{one}") for one in receipt["affected_versions"]]
        lines += [t(f"  cleared: {one}", f"  已清除：{one}") for one in receipt["cleared"]]
        lines += [t(f"  cannot be recalled: {one}", f"  无法收回：{told(one)}") for one in receipt["cannot_recall"]]
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
        return self._told(asked, made, t(f"decision {asked.number} no longer stands", f"决定 {asked.number} 不再有效"))

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
                + (f" → {one.facts['license']}" if one.kind == "settle" else "")
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

    def _told(self, asked: argparse.Namespace, made: Any, said: str, more: Sequence[str] = ()) -> int:
        from curation import decisions

        return self._answer(
            asked,
            made.model_dump(),
            [t(f"decision {made.number}: {said}", f"决定 {made.number}（{decisions.in_chinese(made.kind)}）：{said}"), *more],
        )
