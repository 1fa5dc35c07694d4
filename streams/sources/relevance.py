"""Which files of a commit a reader, or a model with little room, should see first."""

from __future__ import annotations

import re
from functools import lru_cache

SOURCE, TESTS, CONFIGURATION, DOCUMENTS, GENERATED = range(5)

_GENERATED = re.compile(
    r"(^|/)(vendor|vendored|third_party|node_modules|dist|generated|__generated__|__snapshots__)/"
    r"|(^|/)(package-lock\.json|npm-shrinkwrap\.json|go\.sum|pnpm-lock\.yaml|gradle\.lockfile|packages\.lock\.json)$"
    r"|\.(lock|map|snap|svg|po|pot|csv|tsv|ipynb)$|\.min\.(js|css)$|[._]pb2?(_grpc)?\.(go|py|cc|h)$|\.generated\.\w+$"
)
_TESTS = re.compile(r"(^|/)(tests?|testing|spec|__tests__|t)/|(^|/)(test_[^/]*|conftest\.py)$|[._-](test|spec)s?\.\w+$")
_DOCUMENTS = re.compile(
    r"(^|/)(docs?|documentation)/|\.(md|rst|txt|adoc|asciidoc|tex)$"
    r"|(^|/)(README|CHANGELOG|CHANGES|LICENSE|COPYING|NEWS|AUTHORS|CONTRIBUTING)[^/]*$",
    re.IGNORECASE,
)
_CONFIGURATION = re.compile(
    r"\.(json|ya?ml|toml|ini|cfg|conf|config|properties|xml|env|lock|plist|editorconfig)$"
    r"|(^|/)\.[^/]+($|/)|(^|/)(Dockerfile|Makefile|requirements[^/]*\.txt)[^/]*$"
)


@lru_cache(maxsize=8192)
def rank(path: str) -> int:
    """0 for sources, then tests, configuration, documents, and last what machines wrote."""
    if _GENERATED.search(path):
        return GENERATED
    if _TESTS.search(path):
        return TESTS
    if _CONFIGURATION.search(path):
        return CONFIGURATION
    return DOCUMENTS if _DOCUMENTS.search(path) else SOURCE
