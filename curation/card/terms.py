"""Codes of declarations and measurements as readers see them, in English and Chinese: industries, kinds of source, who claims what.

A code that is not listed is shown as it is: a license id, a name of a recipe.
"""

from curation.card.blocks import Words

_CHINESE = {
    # industries (manifest.INDUSTRIES) and classes (TC609-5-2025-03)
    "general": "通用", "research": "科研", "manufacturing": "制造", "agriculture": "农业", "energy": "能源", "transport": "交通", "finance": "金融",
    "telecom": "通信", "broadcasting": "广电", "healthcare": "医疗", "education": "教育", "commerce": "商贸流通", "culture_tourism": "文化旅游",
    "autonomous_driving": "自动驾驶", "embodied_ai": "具身智能", "low_altitude": "低空经济",
    "industry_general": "行业通识", "industry_expert": "行业专识",
    # kinds of source (manifest.source_type)
    "open_dataset": "公开数据集", "self_crawled": "自行采集", "commercial": "商业采购", "enterprise_internal": "企业内部", "public_data": "公共数据",
    "user_contributed": "用户贡献", "synthetic": "合成", "scientific": "科学数据",
    # contains_pi, generated
    "none": "无", "possible": "可能", "yes": "有", "partly": "部分", "fully": "全部", "unknown": "未知",
    # why a value was taken that nobody declared (manifest.Source.derived)
    "short form": "简式", "proposed: public source": "建议：公开来源", "from the license": "据许可", "nobody has looked": "尚未查看",
    "not declared": "未声明",
    # who says a license, or reserves rights (license.py, reservations.py)
    "manifest": "清单", "package_metadata": "软件包元数据", "license_text": "许可全文", "header_notice": "文件头声明", "spdx_header": "SPDX 标记",
    "copyright_file": "版权文件", "license_link": "许可链接", "rel_license": "rel=license 链接", "json_ld": "JSON-LD", "meta": "网页元数据", "record": "记录自带",
    "sentence_zh": "中文授权语句", "sentence_en": "英文授权语句", "settled": "已确定", "denial": "限制性声明",
    "tdm_reservation": "文本与数据挖掘保留", "noai": "noai 标记", "robots": "robots.txt", "aigc": "生成内容标识",
    # parts of the metrics 0208 and 0301, required fields of 0201 and 0204 (TC609-5-2025-04, TC609-5-2025-02)
    "density": "信息密度", "without_repetition": "无重复", "nothing_missing": "无缺失", "coherence": "连贯性", "completeness": "完整性", "purity": "纯净度",
    "sources": "来源", "domains": "域名", "industries": "行业", "distinct 4-grams": "不同四元组", "without near-duplicates": "无近似重复",
    "original_time": "原始时间", "last_modified_time": "修改时间", "source_details": "来源详情", "data_content": "数据内容", "license": "许可", "version": "版本",
    # bars and axes of the plots
    "kept": "保留", "removed": "删除", "filters": "规则", "duplicates": "重复", "quarantined": "隔离", "unreadable": "无法读取",
    "documents": "文档", "documents by tokens": "按词元数的文档", "records": "记录",
    # what a dataset is for (recipe.use)
    "train_internal": "内部训练", "redistribute_verbatim": "原样再分发", "redistribute_modified": "修改后再分发", "adapt": "演绎",
    "open": "公开", "licensed": "获授权者", "internal": "本组织内部",
}  # fmt: skip
_REASONS = {  # versions.following
    "first": Words("the first version", "首个版本"),
    "schema": Words("columns changed", "字段变更"),
    "rules": Words("rules changed", "规则变更"),
    "documents": Words("documents came or went", "文档增减"),
    "metadata": Words("metadata of documents changed", "元数据变更"),
    "card": Words("only the card changed", "仅卡片变更"),
    "unchanged": Words("nothing changed", "无变更"),
}

SAFETY = {  # reasons of the ledger that honour somebody's word
    "use.TDM_RESERVED": Words("reservations of text and data mining", "文本与数据挖掘保留"),
    "use.AIGC_LABELLED": Words("undeclared generated text", "未声明的生成内容"),
    "withdrawn": Words("withdrawals", "撤回"),
}


def reason(code: str) -> Words:
    """Why a version has its number."""
    return _REASONS[code]


def chinese(code: str) -> str:
    """The code in Chinese, or as it is; what was read in source code says so.

    >>> chinese("denial"), chinese("header_notice_of_code"), chinese("CC-BY-4.0")
    ('限制性声明', '文件头声明（代码）', 'CC-BY-4.0')
    """
    own, of_code, _ = code.partition("_of_code")
    return f"{_CHINESE.get(own, own)}（代码）" if of_code else _CHINESE.get(code, code)


def term(code: str | None) -> Words:
    """A code in both languages; null is unknown."""
    return Words(code or "unknown", chinese(code or "unknown"))


def terms(codes: list[str]) -> Words:
    """Several of them."""
    return Words(", ".join(codes), "、".join(map(chinese, codes)))
