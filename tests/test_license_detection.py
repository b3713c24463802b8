"""Where licenses are found: texts with changed words, heads of files, the files beside them, web pages."""

import json
import random

import pytest

from benchmarks.licenses import _same, changed
from curation import license_texts
from curation.license import Claim, decide, from_header, from_license_text, normalise
from curation.license_files import LicenseFiles, debian_license
from curation.license_pages import from_html
from tests import corpus


def bundled(spdx: str) -> str:
    return license_texts.texts()[spdx]


def test_texts_with_changed_words_are_told_or_unknown() -> None:
    """A quarter of the 809 texts with 0, 1 and 3 % of their words changed (docs/licenses.md measures other copies)."""
    chance = random.Random(4)
    rows = [(spdx, text) for spdx, text in license_texts.texts().items() if chance.random() < 0.25]
    for share in (0.0, 0.01, 0.03):
        right = wrong = 0
        for spdx, text in rows:
            found = license_texts.match(changed(text, share, spdx))
            same = found is not None and _same(found, spdx)
            right += same
            wrong += found is not None and not same
        assert right >= 0.97 * len(rows) and wrong <= 1, (share, right, wrong, len(rows))


def test_a_text_that_is_no_license_is_none() -> None:
    """Prose, an empty file, and a known text with half of it gone."""
    assert license_texts.match(corpus.paragraph("en", 1)) is None and license_texts.match("") is None
    assert license_texts.match(bundled("Apache-2.0")[:4000]) is None


ASF = "/*\n * Licensed to the ASF under one or more contributor license agreements. The ASF licenses this file to You\n * under the Apache License, Version 2.0\n */\nclass A {}"
GPL = (
    "// This program is free software; you can redistribute it and/or modify it under the terms of the GNU General\n"
    "// Public License as published by the Free Software Foundation; either version 2 of the License, or\n"
    "// (at your option) any later version.\n"
)
LGPL = "/* under the terms of the GNU Lesser General Public License as published by the Free Software Foundation; version 2.1. license */"


@pytest.mark.parametrize(
    ("head", "spdx"),
    [
        (ASF, "Apache-2.0"),
        ('# Licensed under the Apache License, Version 2.0 (the "License");\nimport os', "Apache-2.0"),
        (GPL, "GPL-2.0-or-later"),
        (LGPL, "LGPL-2.1-only"),
        ("# -*- coding: utf-8 -*-\n# 本软件采用木兰宽松许可证，第2版。\n", "MulanPSL-2.0"),
        ('def f():\n    """Ask for permission before a license is used."""\n', None),
    ],
)
def test_notices_at_the_head_of_a_file(head: str, spdx: str | None) -> None:
    """Without a tag the words of the notice tell."""
    found = from_header(head, "f")
    assert (found[0].value if found else None) == spdx


def test_a_permissive_text_in_a_comment_is_recognised() -> None:
    """As C files carry it, after words of another kind."""
    text = bundled("BSD-3-Clause").replace("the copyright holder nor", "Somebody nor")
    comment = "/* net.c -- sockets\n" + "".join(f" * {line}\n" for line in text.split("\n")) + " */\n#include <a.h>\n"
    assert [c.value for c in from_header(comment, "f")] == ["BSD-3-Clause"]


def test_a_licenseref_stays_as_it_is_said() -> None:
    """license-expression would turn one that ScanCode knows into ScanCode's own."""
    said = "LGPL-2.1-only OR LicenseRef-KDE-Accepted-LGPL"
    assert normalise(said) == said


DEP5 = b"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020 Somebody <a@example.org>
License: GPL-2+ or Artistic

Files: lib/*.c
 src/one?.c
Copyright: 2021
License: Expat
 Permission is hereby granted...

Files: odd/*
License: some-words-of-ours
"""


def test_the_last_matching_entry_of_dep5_counts() -> None:
    """Patterns match over folders, later paragraphs win, and what is no SPDX id stays as it was said."""
    files = LicenseFiles()
    files.add("debian/copyright", DEP5, "debian/copyright")
    names = ("a.txt", "lib/deep/x.c", "src/one1.c", "src/one10.c", "odd/y")
    assert {name: files.claims(name)[0].value for name in names} == {
        "a.txt": "GPL-2.0-or-later OR Artistic-1.0-Perl",
        "lib/deep/x.c": "MIT",
        "src/one1.c": "MIT",
        "src/one10.c": "GPL-2.0-or-later OR Artistic-1.0-Perl",
        "odd/y": "some-words-of-ours",
    }
    assert decide(files.claims("odd/y")).id is None and not decide(files.claims("odd/y")).conflict


def test_reuse_toml_sidecars_and_texts() -> None:
    """A sidecar wins over REUSE.toml, both over the LICENSE of the folder; a star stays within its folder."""
    files = LicenseFiles("pkg-1.0/")
    toml = 'version = 1\n[[annotations]]\npath = ["docs/*", "img/**"]\nSPDX-License-Identifier = "CC-BY-4.0"\n'
    files.add("REUSE.toml", toml.encode(), "REUSE.toml")
    files.add("docs/b.md.license", b"SPDX-License-Identifier: CC0-1.0\n", "docs/b.md.license")
    files.add("pkg-1.0/LICENSE", bundled("MIT").encode(), "LICENSE")
    files.add("broken/REUSE.toml", b"[[", "broken/REUSE.toml")
    names = ("docs/a.md", "docs/b.md", "docs/deep/c.md", "img/x/y.svg", "z")
    assert {name: decide(files.claims(name)).id for name in names} == {
        "docs/a.md": "CC-BY-4.0",
        "docs/b.md": "CC0-1.0",
        "docs/deep/c.md": "MIT",
        "img/x/y.svg": "CC-BY-4.0",
        "z": "MIT",
    }


CC = "creativecommons.org/licenses"
GRAPH = json.dumps(
    {
        "@graph": [
            {"@type": "ImageObject", "license": f"https://{CC}/by-nc/4.0/"},
            {"@type": "Article", "license": {"@id": f"https://{CC}/by/4.0/"}},
        ]
    }
)


@pytest.mark.parametrize(
    ("page", "claims"),
    [
        (f'<a rel="nofollow license" href="//{CC}/by-sa/3.0/cn/deed.zh">署名</a>', [("rel_license", "CC-BY-SA-3.0")]),
        ("<link href=https://creativecommons.org/publicdomain/zero/1.0/ rel=license>", [("rel_license", "CC0-1.0")]),
        (f'<meta name="DC.rights" content="http://{CC}/by-nd-nc/1.0/">', [("meta", "CC-BY-NC-ND-1.0")]),
        (f'<script type="application/ld+json">{GRAPH}</script>', [("json_ld", "CC-BY-4.0")]),
        ('<script type="application/ld+json">{broken</script>', []),
        ("<p>本作品采用知识共享署名-非商业性使用-相同方式共享 4.0 国际许可协议。</p>", [("sentence_zh", "CC-BY-NC-SA-4.0")]),
        ("<p>Under a <b>Creative Commons Attribution-ShareAlike 4.0</b> license.</p>", [("sentence_en", "CC-BY-SA-4.0")]),
        ("<p>CC BY-NC 4.0</p>", [("sentence_en", "CC-BY-NC-4.0")]),
        (f'<p>图：<a href="https://{CC}/by/2.0/">CC</a></p>', [("license_link", "CC-BY-2.0")]),
        ("<footer>版权所有 © 2026 某公司 All rights reserved</footer>", []),
        ("<footer>未经书面许可，不得转载</footer>", [("denial", "未经书面许可，不得")]),
        ("<div class='site-footer'>侵权必究</div>", [("denial", "侵权必究")]),
        ("<p>条例规定：禁止转载他人作品。</p><footer>ICP 1</footer>", []),
        ("<p>正文</p>", []),
    ],
)
def test_pages(page: str, claims: list[tuple[str, str]]) -> None:
    """Claims are read on the raw page; a prohibition counts in its footer or metadata, a copyright line nowhere."""
    assert [(c.detector, c.value) for c in from_html(f"<html><body>{page}</body></html>", "p")] == claims


def test_what_is_said_of_the_file_wins_over_its_package_but_never_over_a_denial() -> None:
    """REUSE 3.3: the file's own tag; a manifest that says otherwise is still a conflict."""
    tag, package = Claim("spdx_header", "MIT", None, "f"), Claim("license_text", "GPL-3.0-only", None, "LICENSE")
    assert decide([package, tag]).id == "MIT"
    assert decide([tag, package, Claim("denial", "不得", None, None)]).conflict
    assert decide([tag, Claim("manifest", "GPL-3.0-only", None, None)]).conflict


@pytest.mark.parametrize(
    ("sentence", "spdx"),
    [
        ("知识共享署名·非商业性使用 4.0", "CC-BY-NC-4.0"),
        ("知识共享署名，非商业性使用 4.0", "CC-BY-NC-4.0"),
        ("知识共享署名+非商业使用 4.0", "CC-BY-NC-4.0"),
        ("知识共享署名-禁止衍生 4.0", "CC-BY-ND-4.0"),
        ("創用CC 署名-非商業性使用-禁止演繹 3.0", "CC-BY-NC-ND-3.0"),
        ("知识共享署名-仅限学校 4.0", None),
        ("CC-BY 4.0-NC", None),
    ],
)
def test_an_unknown_word_is_no_freedom(sentence: str, spdx: str | None) -> None:
    """Between 署名 and the version stands what is allowed; what cannot be read there licenses nothing."""
    assert [c.value for c in from_html(f"<p>{sentence} 国际许可协议</p>", "p")] == ([spdx] if spdx else [])


@pytest.mark.parametrize(
    "head",
    [
        "# Licensed under the Apache License, Version 2.0, with the Commons Clause: for non-commercial use only\n",
        "// " + " ".join(bundled("MIT").split()).replace("hereby granted,", "hereby granted, for academic purposes only,") + "\n",
        "# Licensed under the Apache License, Version 2.0, and the GNU General Public License version 3\n",
    ],
)
def test_a_limit_at_the_head_is_no_free_license(head: str) -> None:
    """A limit, or a second license, is a conflict."""
    assert decide(from_header(head, "f")).id is None


@pytest.mark.parametrize("words", ["provided it is not sold,", "except for military use,", "solely for noncommercial research,"])
def test_words_added_to_a_known_text_deny(words: str) -> None:
    """A text that was recognised does not grant what somebody wrote into it."""
    text = bundled("MIT").replace("without restriction,", f"without restriction, {words}")
    claims = from_license_text(text, "LICENSE")
    assert claims[0].value == "MIT" and claims[1].detector == "denial" and decide(claims).conflict
    assert len(from_license_text(bundled("MIT"), "LICENSE")) == 1


def test_several_tags_and_lists_hold_together() -> None:
    """SPDX tags, REUSE lists, and DEP-5's commas."""
    tags = "# SPDX-License-Identifier: MIT\n# SPDX-License-Identifier: CC-BY-NC-4.0\n"
    assert decide(from_header(tags, "f")).tier == "T4"
    files = LicenseFiles()
    toml = '[[annotations]]\npath = "*"\nSPDX-License-Identifier = ["CC-BY-NC-4.0", "MIT"]\n[[annotations]]\npath = 3\n'
    files.add("REUSE.toml", toml.encode(), "REUSE.toml")
    files.add("odd/REUSE.toml", b'annotations = ["x"]\n', "odd/REUSE.toml")
    assert decide(files.claims("a.md")).tier == "T4"
    assert debian_license("Expat or Apache-2, and GPL-3") == "(MIT OR Apache-2.0) AND GPL-3.0-only"


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("Creative Commons Attribution 4.0 International\n\nhttps://creativecommons.org/licenses/by/4.0/\n", "CC-BY-4.0"),
        ("This work is licensed under a Creative Commons Attribution-ShareAlike 4.0 International License.", "CC-BY-SA-4.0"),
        ("本作品采用知识共享署名-非商业性使用 4.0 国际许可协议进行许可。", "CC-BY-NC-4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("Text: Creative Commons Attribution 4.0. Pictures: https://creativecommons.org/licenses/by-nc/4.0/", None),
        ("Ask us for a license.", None),
        ("CC BY-NC 4.0，未经许可不得转载。", "denied"),
    ],
)
def test_a_license_file_that_only_names_its_license(text: str, spdx: str | None) -> None:
    """A sentence or an address is enough; two licenses are none."""
    files = LicenseFiles()
    files.add("LICENSE", text.encode(), "LICENSE")
    if spdx == "denied":
        assert [one.detector for one in files.claims("a.md")][-1] == "denial"
        return
    assert [(one.detector, one.value) for one in files.claims("a.md")] == ([("license_text", spdx)] if spdx else [])


def test_a_link_alone_licenses_nothing() -> None:
    """It may belong to an image."""
    assert decide([Claim("license_link", "CC-BY-4.0", None, "p")]) == (None, "license_link", 0.6, False, None)


@pytest.mark.parametrize(
    "page",
    [
        "<!-- " * 20000,
        "<script>" * 20000,
        '<div class="footer">' * 20000,
        f'<script type="application/ld+json">{"[" * 100000}</script>',
    ],
)
def test_hostile_pages_are_read_in_time(page: str) -> None:
    """Unclosed elements and deep structures cost no more than their length; the test's own limit is the suite's."""
    assert from_html(page + "署名 不得转载", "p") is not None
