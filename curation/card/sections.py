"""The card's content in thirteen sections, in both languages, for whatever shows it: README.md, card.html and the review page."""

from typing import Any

from curation.card import Model, count
from curation.card.blocks import Cell, Code, Section, Words, human, percent, table, text, words
from curation.card.composition import ANSWERS
from curation.card.quality import compared
from curation.card.terms import SAFETY, chinese, reason, term, terms
from curation.conditions import keeps, selects


def sections(model: Model) -> list[Section]:
    """All of them, what changed first."""
    made = [
        _changes(model), _summary(model), _files(model), _content(model), _sources(model), _processing(model), _annotation(model),
        _licenses(model), _rights(model), _safety(model), _quality(model), _uses(model), _versions(model), _contributions(model),
    ]  # fmt: skip
    return [one for one in made if one.blocks]


_MOVED = {
    "personal_data": Words("documents with personal data before edits", "编辑前含个人信息的文档"),
    "rejects": Words("documents not kept", "未保留的文档"),
    "license_tiers": Words("tokens in another license tier", "许可级别变动的词元"),
    "new_domains": Words("new domains", "新增域名"),
}


def _changes(model: Model) -> Section:
    change, title = model.get("changes"), Words("What changed", "本版变更")
    if not change:
        return Section("changes", title, [])
    said = f"{change['from']} → {model['version']}"
    documents = f"{count(change['documents_before'])} → {count(model['documents'])}"
    tokens = f"{count(change['tokens_before'])} → {count(model['tokens'])}"
    why = reason(change["reason"])
    blocks: list[Any] = [
        text(
            f"{said} ({why.en}): {documents} documents, {tokens} tokens.",
            f"{said}（{why.zh}）：文档 {documents}，词元 {tokens}。",
        )
    ]
    parts = change.get("tokens_by_source_before")
    if parts:
        now = {row["id"]: row["tokens"] for row in model["sources"]}
        rows: list[list[Cell]] = [
            [Code(one), parts.get(one, 0), now.get(one, 0)]
            for one in sorted({*parts, *now})
            if parts.get(one, 0) != now.get(one, 0)
        ]
        if rows:
            blocks.append(table([("Source", "来源"), ("Tokens before", "原词元"), ("Tokens now", "现词元")], rows))
    if model["drift"]:
        rows = [
            [
                _MOVED[one["what"]],
                percent(one["before"]),
                percent(one["now"]),
                percent(one["limit"]),
                Words("ALARM", "告警") if one["alarm"] else Words("within the limit", "限内"),
            ]
            for one in model["drift"]["moves"]
        ]
        blocks.append(
            table([("Drift", "漂移"), ("Before", "上一版"), ("Now", "本版"), ("May move by", "允许变动"), ("", "")], rows)
        )
    return Section("changes", title, blocks)


def _summary(model: Model) -> Section:
    use, purpose = model["use"], model["use"]["purpose"]
    blocks: list[Any] = [
        ("text", words(model["summary"])),
        *human(model, "rationale"),
        text(
            f"Made for: {purpose.replace('_', ' ')}{'' if use['commercial'] else ', not for commerce'}; audience: {use['audience']}. "
            "Rights of every source were judged for that on the day of the run.",
            f"用途：{chinese(purpose)}{'' if use['commercial'] else '（非商业）'}；受众：{chinese(use['audience'])}。"
            "各来源的权利均于运行当日按此用途核验。",
        ),
        table(
            [("", ""), ("", "")],
            [
                [Words("Version", "版本"), model["version"]],
                [Words("Curator", "编制者"), model["curator"]],
                [Words("Contact; take-down requests go there too", "联系方式（下架请求亦同）"), model["contact"]],
                [Words("Industry", "行业"), terms(model["industry"])],
                [Words("Date", "日期"), Words("that of the tag of the release", "以发布标签日期为准")],
                *([[Words("Cite as", "引用"), model["card"]["citation"]]] if model["card"]["citation"] else []),
            ],
        ),
    ]
    return Section("summary", Words("1 Summary", "1 概要"), blocks)


def _files(model: Model) -> Section:
    load = (
        f'import curation\n\nds = curation.load("{model["name"]}", "{model["version"]}", workspace="PATH or git URL")\n'
        f'part = curation.load("{model["name"]}", "{model["version"]}", workspace="PATH or git URL", fraction=0.1)'
    )
    blocks: list[Any] = [
        ("code", load),
        text(
            f"Or, from a copy of this folder, datasets.load_dataset('path/to/{model['name']}').",
            f"或从本文件夹的副本：datasets.load_dataset('path/to/{model['name']}')。",
        ),
        table(
            [("File", "文件"), ("Rows", "行数"), ("Bytes", "字节"), ("SHA-256", "SHA-256")],
            [[Code(f["path"]), f["rows"], f["bytes"], Code(f["sha256"])] for f in model["files"]],
        ),
        text("Parquet, one row a document.", "Parquet，每行一份文档。"),
        (
            "more",
            Words(f"{len(model['columns'])} columns", f"{len(model['columns'])} 个字段"),
            [table([("Column", "字段"), ("Type", "类型")], [[Code(c["name"]), c["type"]] for c in model["columns"]])],
        ),
        text(
            "NOTICE names every source, ledger/attribution.parquet title, authors and address of every document, LICENSES/ has the "
            "texts, license_report.json what they permit together. ledger/removed.parquet has a row for every removal and quarantine "
            "with its reason and value, ledger/edits.parquet one for every edit, ledger/clusters.parquet every duplicate cluster, "
            "ledger/paragraphs.parquet every repeated paragraph that was sought; none has text.",
            "NOTICE 列出全部来源；ledger/attribution.parquet 含每份文档的标题、作者与地址；LICENSES/ 收录许可全文；license_report.json "
            "汇总许可条件。ledger/removed.parquet 逐条记录删除与隔离的原因和数值，ledger/edits.parquet 记录每处编辑，"
            "ledger/clusters.parquet 记录每组重复，ledger/paragraphs.parquet 记录重复段落；均不含文本。",
        ),
        *human(model, "support"),
    ]
    return Section("files", Words("2 Scale, format, access", "2 规模、格式与获取"), blocks)


def _share_table(en: str, zh: str, rows: list[dict[str, Any]]) -> Any:
    return table(
        [(en, zh), ("Documents", "文档"), ("Tokens", "词元")],
        [[term(r["value"]), r["documents"], r.get("tokens", "")] for r in rows],
    )


def _content(model: Model) -> Section:
    industries, dated = model["industries"], model["published"]
    blocks: list[Any] = [
        text("Modality: text. Counted after edits.", "模态：文本。数量按编辑后统计。"),
        ("plot", "plots/languages.svg", Words("Documents by language", "按语言的文档数")),
        _share_table("Language", "语言", model["languages"]),
        ("plot", "plots/lengths.svg", Words("Documents by number of tokens", "按词元数的文档数")),
        _share_table("Industry, as the text proposes", "行业（由文本判断）", industries["proposed"]),
        table(
            [("Class (aligned with TC609-5-2025-03)", "类别（参照 TC609-5-2025-03）"), ("Documents", "文档")],
            [[term(r["value"]), r["documents"]] for r in industries["classes"]],
        ),
        text(
            f"Industry and class are proposals by terms; of {count(industries['agreement']['of'])} documents whose source declares an "
            f"industry and whose text proposes one, {count(industries['agreement']['agreed'])} agree."
            if industries["agreement"]["of"]
            else "Industry and class are proposals by terms; no source declares an industry that they could be compared with.",
            f"行业与类别由术语判断得出；来源声明行业且文本可判断的 {count(industries['agreement']['of'])} 份文档中 "
            f"{count(industries['agreement']['agreed'])} 份一致。"
            if industries["agreement"]["of"]
            else "行业与类别由术语判断得出；没有来源声明可供比较的行业。",
        ),
        text(
            f"{count(dated['dated'])} documents are dated: {dated['first']} to {dated['last']}, the middle one {dated['middle']}."
            if dated["dated"]
            else "No document is dated.",
            f"{count(dated['dated'])} 份文档有日期：{dated['first']} 至 {dated['last']}，中位 {dated['middle']}。"
            if dated["dated"]
            else "文档均无日期。",
        ),
        ("plot", "plots/quality.svg", Words("Values that filters judge, with their thresholds", "过滤规则所判数值及其阈值")),
    ]
    for one in model["samples"]:
        said = ", ".join(x for x in (one["title"], one["source"], one["license"], one["url"], one["id"]) if x)
        blocks.append(("quote", Words(one["text"], one["text"]), said))
    blocks.append(("list", [words(x) for x in model["limits"]]))
    return Section("content", Words("3 Content, samples, known limits", "3 内容、样例与局限"), [*blocks, *human(model, "biases")])


def _sources(model: Model) -> Section:
    head = [
        ("Source", "来源"), ("Origin", "出处"), ("Declared license", "声明许可"), ("Level", "级别"), ("Type", "类型"), ("Documents", "文档"),
        ("Kept", "保留"), ("Tokens", "词元"), ("Contact", "联系"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            words(s["title"]), Code(f"{s['id']}: {s['origin']}"), s["declared_license"], s["data_level"], term(s["source_type"]),
            s["documents"],
            s["kept"], s["tokens"], s["contact"],
        ]
        for s in model["sources"]
    ]  # fmt: skip
    blocks: list[Any] = [table(head, rows), *human(model, "collection")]
    evidence: list[Cell] = [Words(f"{s['id']}: {e}", f"{s['id']}：{e}") for s in model["sources"] for e in s["evidence"]]
    if evidence:
        blocks += [text("License evidence:", "许可依据："), ("list", evidence)]
    declared = [one for one in model["industries"]["declared"] if one["class"] or one["industry"]]
    if declared:
        given = [key for key in ANSWERS if any(one["answers"][key] for one in declared)]  # what nobody answered has no column
        scenario = [("Scenario", "场景")] if any(one["scenario"] for one in declared) else []
        answers = [(key.replace("_", " ").capitalize(), ANSWERS[key]) for key in given]
        classed = [("Class", "类别")] if any(one["class"] for one in declared) else []
        blocks += [
            text("Industry and class, as the sources declare them:", "来源声明的行业与类别："),
            table(
                [("Source", "来源"), ("Industry", "行业"), *classed, *scenario, *answers],
                [
                    [
                        Code(one["source"]),
                        terms(one["industry"]),
                        *([term(one["class"]) if one["class"] else ""] if classed else []),
                        *([", ".join(one["scenario"])] if scenario else []),
                        *(one["answers"][key] or "" for key in given),
                    ]
                    for one in declared
                ],
            ),
        ]
    return Section("sources", Words("4 Sources", "4 来源"), blocks)


def _processing(model: Model) -> Section:
    funnel, dedup = model["funnel"], model["dedup"]
    rows: list[list[Cell]] = [[Words("records read", "读入记录"), funnel["records"], ""]]
    rows += [[Words(f"unreadable: {r}", f"无法读取：{r}"), n, ""] for r, n in funnel["unreadable"]]
    rows += [[Words("documents", "文档"), funnel["documents"], ""]]
    for outcome, zh in (("removed", "删除"), ("quarantined", "隔离")):
        rows += [[Words(f"{outcome}: {r}", f"{zh}：{r}"), n, words(funnel["because"].get(r))] for r, n in funnel[outcome]]
    rows += [[Words("kept", "保留"), funnel["kept"], ""]]
    limit = f"Jaccard ≥ {dedup['threshold']}" if dedup["threshold"] else "exact only"
    blocks: list[Any] = [
        ("plot", "plots/funnel.svg", Words("What became of the documents of each source", "各来源文档的去向")),
        table([("", ""), ("Count", "数量"), ("Why", "原因")], rows),
        text(
            "A document that fails several filters is counted once, under the first.",
            "未通过多条规则的文档只计一次，归于首条规则。",
        ),
        (
            "more",
            Words(f"Every one of the {len(model['filters'])} filters", f"全部 {len(model['filters'])} 条规则"),
            [
                table(
                    [("Filter", "规则"), ("Keeps while", "保留条件"), ("Applies to", "适用"), ("Why", "原因")],
                    [
                        [
                            Code(f["name"]),
                            Words(keeps(f), keeps(f, zh=True)),
                            Words(selects(f["where"]), selects(f["where"], zh=True)),
                            words(f["because"]),
                        ]
                        for f in model["filters"]
                    ],
                )
            ],
        ),
        text(
            f"Duplicates: MinHash, 128 permutations, 5-token shingles, {limit}; who stays: {', '.join(dedup['keep'])}, then id.",
            f"去重：MinHash，128 个置换，5 词元片段，{limit}；保留次序：{'、'.join(dedup['keep'])}，最后按 id。",
        ),
    ]
    if dedup["shared"]:
        blocks += [
            (
                "plot",
                "plots/duplicates.svg",
                Words("Duplicates removed from (row) and kept in (column)", "重复：删除自（行）与保留于（列）"),
            ),
            table(
                [("Removed from", "删除自"), ("Kept in", "保留于"), ("Documents", "文档")],
                [[Code(d["removed_from"]), Code(d["kept_in"]), d["documents"]] for d in dedup["shared"]],
            ),
        ]
    blocks.append(
        text(
            f"{count(model['modified'])} documents were edited; their rows say “modified”.",
            f"{count(model['modified'])} 份文档经过编辑，其“modified”为真。",
        )
    )
    if model["edits"]:
        blocks.append(
            table(
                [("Edit", "编辑"), ("Times", "次数"), ("Documents", "文档")],
                [[Code(e["kind"]), e["edits"], e["documents"]] for e in model["edits"]],
            )
        )
    return Section("processing", Words("5 How it was made", "5 加工过程"), blocks)


def _annotation(model: Model) -> Section:
    generated = text(
        "No person annotated records. Every label is a signal, measured by the pipeline: language, license, industry, quality, personal data.",
        "未经人工标注。全部标签均为流程测得的信号：语言、许可、行业、质量、个人信息。",
    )
    return Section("annotation", Words("6 Annotation", "6 标注"), [*(human(model, "annotation") or [generated])])


def _licenses(model: Model) -> Section:
    said: dict[bool | None, Cell] = {True: Words("yes", "是"), False: Words("no", "否"), None: "?"}
    title = words(model["policy"]["title"])
    blocks: list[Any] = [
        text(
            f"Policy {model['policy']['name']}: {title.en}. Every row carries its own license; this table sums them up.",
            f"策略 {model['policy']['name']}：{title.zh}。每行自带许可，此表为汇总。",
        ),
        ("plot", "plots/licenses.svg", Words("Documents by license", "按许可的文档数")),
        table(
            [
                ("License (SPDX)", "许可（SPDX）"),
                ("Tier", "级"),
                ("Attribution", "署名"),
                ("Documents", "文档"),
                ("Tokens", "词元"),
            ],
            [
                [r["value"] or Words("unknown", "未知"), r["tier"] or "?", said[r["attribution"]], r["documents"], r["tokens"]]
                for r in model["licenses"]
            ],
        ),
    ]
    for one in model["conflicts"]:
        also = one["elsewhere"]
        blocks.append(
            text(
                f"Kept out for a license conflict: {one['source']}, {count(one['documents'])} documents"
                f"{f', {count(also)} of them counted under another rule' if also else ''}:",
                f"因许可冲突未纳入：{one['source']}，{count(one['documents'])} 份文档{f'，其中 {count(also)} 份计于其他规则' if also else ''}：",
            )
        )
        for c in one["claims"]:
            passage = f": “{c['passage'][:160]}”" if c["passage"] else ""
            both = Words(f"{c['detector']} says {c['value']}{passage}", f"{chinese(c['detector'])}称 {c['value']}{passage}")
            blocks.append(("quote", both, c["where"] or ""))
    return Section("licenses", Words("7 Licenses and obligations", "7 许可与义务"), blocks)


def _rights(model: Model) -> Section:
    use, found = model["use"], model["found"]
    exported = use["export_reference"]
    blocks: list[Any] = [
        text(
            f"Level: {model['level']} (aligned with GB/T 43697-2024)." + (f" Export: {exported}." if exported else ""),
            f"数据级别：{model['level']}（参照 GB/T 43697-2024）。" + (f"出境：{exported}。" if exported else ""),
        ),
        text(
            f"Found in kept documents before edits: {count(found['count'])} values of personal data, "
            f"{count(found['organisations'])} company codes, {count(found['secrets'])} keys or tokens.",
            f"保留文档在编辑前发现：个人信息 {count(found['count'])} 处，企业代码 {count(found['organisations'])} 处，"
            f"密钥或令牌 {count(found['secrets'])} 处。",
        ),
        table(
            [
                ("Source", "来源"),
                ("Level", "级别"),
                ("Personal data, as declared", "个人信息（声明）"),
                ("Found before edits", "编辑前发现"),
                ("Generated, as declared", "生成内容（声明）"),
            ],
            [
                [Code(s["id"]), s["data_level"], term(s["contains_pi"]), s["personal_data"], term(s["generated"])]
                for s in model["sources"]
            ],
        ),
    ]
    unsaid = [s["id"] for s in model["sources"] if s["personal_data"] and s["data_level"] == "L1"]
    if unsaid:
        blocks.append(
            text(
                f"Personal data were found in sources of level L1: {', '.join(unsaid)}. Their level is what was declared or taken by default; "
                "a reviewer confirms it.",
                f"级别为 L1 的来源中发现个人信息：{'、'.join(unsaid)}。其级别为声明或默认取值，须由审核者确认。",
            )
        )
    return Section("rights", Words("8 Rights, level, personal data", "8 权利、级别与个人信息"), blocks)


def _safety(model: Model) -> Section:
    refused = [[r, n] for r, n in (*model["funnel"]["removed"], *model["funnel"]["quarantined"]) if r in SAFETY]
    blocks: list[Any] = [
        text(
            "Sampling gate: "
            + (
                "aligned with TC260-003; its result stands in the log of decisions that the release names."
                if model["sampling"] == "tc260"
                else "none was asked for by the recipe."
            ),
            "抽样关口：" + ("参照 TC260-003，结果记于发布所指的决定日志。" if model["sampling"] == "tc260" else "配方未要求。"),
        )
    ]
    if refused:
        blocks.append(
            table(
                [("Honoured", "已遵从"), ("Documents", "文档")],
                [[SAFETY[r], n] for r, n in refused],
            )
        )
    return Section("safety", Words("9 Safety and opt-outs", "9 安全与退出"), [*blocks, *human(model, "social_impact")])


def _quality(model: Model) -> Section:
    report = model["quality"]
    blocks: list[Any] = [
        table(
            [("Dimension", "维度"), ("Score", "得分"), ("Coverage", "覆盖")],
            [
                [words(d["name"]), "–" if d["score"] is None else f"{d['score']:.1f}", percent(d["coverage"])]
                for d in report["dimensions"]
            ],
        ),
        table(
            [("Code", "编号"), ("Metric", "指标"), ("Value", "数值"), ("Of what", "说明")],
            [
                [Code(m["code"]), words(m["name"]), "–" if m["value"] is None else f"{m['value']:.4f}", words(m["said"])]
                for m in report["metrics"]
            ],
        ),
        text(
            "Aligned with TC609-5-2025-04, by its third-party implementations; weights are the recipe's. A high-quality dataset has 90 points in each "
            f"dimension with all its metrics evaluated: {'yes' if report['high_quality'] else 'not claimed'}.",
            "参照 TC609-5-2025-04（依第三方实现），权重由配方给定。各维度指标全部评测且均达 90 分方可称高质量："
            f"{'是' if report['high_quality'] else '未声明'}。",
        ),
    ]
    return Section("quality", Words("10 Quality report", "10 质量报告"), blocks)


def _uses(model: Model) -> Section:
    blocks = human(model, "uses", "out_of_scope", "evaluation", "baseline", "cases")
    proxy = model["quality"]["proxy"]
    if compared(proxy):
        blocks.append(
            text(
                f"Baseline: a character model of {count(proxy['base_characters'])} characters without the dataset has "
                f"{proxy['without']:.3f} bits a character on held-out text; with {count(proxy['characters'])} of the dataset's, {proxy['with']:.3f}.",
                f"基准：不含本数据集的 {count(proxy['base_characters'])} 字符模型在留出文本上为 {proxy['without']:.3f} 比特/字符；"
                f"加入本数据集 {count(proxy['characters'])} 字符后为 {proxy['with']:.3f}。",
            )
        )
    if not blocks:
        blocks = [text("Nobody has described uses yet (“card” of the recipe).", "尚未填写用途（配方的“card”）。")]
    return Section("uses", Words("11 Uses and evaluation", "11 应用与评估"), blocks)


def _versions(model: Model) -> Section:
    blocks = [
        text(
            "Versions are git tags name@vMAJOR.MINOR.PATCH: schema or rules, documents, metadata or card. Data lie in DVC under the same tag. "
            f"A withdrawn document is gone from the next version, and loading an older one says so. Withdrawals: {model['contact']}.",
            "版本为 git 标签 name@v主.次.修订：字段或规则、文档、元数据或卡片。数据以同一标签存于 DVC。"
            f"撤回的文档自下一版起不再包含，加载旧版会提示。撤回请联系：{model['contact']}。",
        ),
        *human(model, "maintenance"),
    ]
    return Section("versions", Words("12 Versions, maintenance, withdrawal", "12 版本、维护与撤回"), blocks)


def _contributions(model: Model) -> Section:
    ledger = model["contributions"]
    rows: list[list[Cell]] = [
        [
            one["contributor"], ", ".join(one["sources"]), one["submitted"], one["accepted"], one["unique"], one["kept"], one["tokens"],
            one["bytes"], f"{one['credited_tokens']:,.1f}", f"{one['share']:.6f}",
        ]
        for one in ledger["contributors"]
    ]  # fmt: skip
    head = [
        ("Contributor", "贡献者"), ("Sources", "来源"), ("Submitted", "提交"), ("Accepted", "合格"), ("Unique", "独有"), ("Kept", "保留"),
        ("Tokens", "词元"), ("Bytes", "字节"), ("Credited", "计入"), ("Share", "份额"),
    ]  # fmt: skip
    blocks = [
        table(head, rows),
        text(
            f"Duplicates are credited by the policy “{ledger['policy']}”; credited are tokens weighted by the quality model; shares add up "
            "to 1. Each contributor has a statement in reports/. Reviewers and approvals stand in the log of decisions that the release names.",
            f"重复内容按“{ledger['policy']}”规则计入；计入量为按质量模型加权的词元，份额合计为 1。reports/ 中有每位贡献者的结算说明。"
            "审核者与批准记于发布所指的决定日志。",
        ),
    ]
    return Section("contributions", Words("13 Contributions and approvals", "13 贡献与批准"), blocks)
