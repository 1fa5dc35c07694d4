"""Statements of the static analysis: a code and its arguments, worded by each language's catalogue.

A code's comment names its arguments: `n`-like names are numbers, plural names lists of strings, others strings.
Strings are untrusted text (titles, paths) and are shown as text by every renderer.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from pydantic import TypeAdapter

from schemas.model import value


class Code(StrEnum):
    TEXT = "text"  # text: a sentence of the report's language, by a model

    SUMMARY_TITLE = "summary.title"  # types (ChangeType values, or none), title: the title without its type prefix
    SUMMARY_BODY = "summary.body"  # text: the first sentence of the author's own explanation
    SUMMARY_SIZE = "summary.size"  # files, additions, deletions
    SUMMARY_AREAS = "summary.areas"  # areas, more: number of further areas
    SUMMARY_MERGE = "summary.merge"  # commits: number brought, titles, more: number of further titles
    SUMMARY_MERGE_NOTHING = "summary.merge_nothing"
    SUMMARY_REVERT = "summary.revert"  # title, sha ("" when the message does not name it)
    SUMMARY_EMPTY = "summary.empty"  # no file changed
    SUMMARY_UNKNOWN_SIZE = "summary.unknown_size"  # the source gave no files
    SUMMARY_BOUNDARY = "summary.boundary"  # a shallow clone ends here: the change is unknown
    SUMMARY_FAILED = "summary.failed"  # reason: could not be analyzed

    SCOPE_AREA = "scope.area"  # area, files, additions, deletions
    SCOPE_FILE = "scope.file"  # path, status (A M D R C T), additions, deletions
    SCOPE_BINARY_FILE = "scope.binary_file"  # path, status
    SCOPE_RENAME = "scope.rename"  # path, old_path, additions, deletions
    SCOPE_SUBMODULE = "scope.submodule"  # path
    SCOPE_MODE = "scope.mode"  # path, old_mode, new_mode
    SCOPE_MORE_FILES = "scope.more_files"  # files
    SCOPE_MORE_AREAS = "scope.more_areas"  # areas_n
    SCOPE_LANGUAGES = "scope.languages"  # languages
    SCOPE_UNKNOWN = "scope.unknown"
    SCOPE_NOTHING = "scope.nothing"
    SCOPE_MERGE = "scope.merge"  # commits: what it brought is listed under its own commits

    INSIGHT_NOTHING = "insight.nothing"  # the facts give nothing here
    INSIGHT_UNKNOWN = "insight.unknown"  # the files are unknown
    INSIGHT_AREAS = "insight.areas"  # areas_n, areas: the change crosses these
    INSIGHT_NEW_FILES = "insight.new_files"  # files, paths
    INSIGHT_DELETED_FILES = "insight.deleted_files"  # files, paths
    INSIGHT_MOVED_FILES = "insight.moved_files"  # files, paths
    INSIGHT_PERFORMANCE_TITLE = "insight.performance_title"  # the title declares it
    INSIGHT_PERFORMANCE_PATHS = "insight.performance_paths"  # paths: benchmarks and the like
    INSIGHT_SECURITY_PATHS = "insight.security_paths"  # paths
    INSIGHT_SECURITY_WORDS = "insight.security_words"  # words: found in title or body
    INSIGHT_DEPENDENCIES = "insight.dependencies"  # paths
    INSIGHT_BUILD = "insight.build"  # paths
    INSIGHT_WORKFLOWS = "insight.workflows"  # paths
    INSIGHT_SIZE = "insight.size"  # lines, files: large to review
    INSIGHT_GENERATED = "insight.generated"  # files
    INSIGHT_BREAKING = "insight.breaking"  # evidence: where the author says so ("title" | "body")
    INSIGHT_API = "insight.api"  # paths
    INSIGHT_MIGRATIONS = "insight.migrations"  # paths
    INSIGHT_TESTS = "insight.tests"  # files, paths
    INSIGHT_NO_TESTS = "insight.no_tests"

    RISK_TEXT = "risk.text"  # severity (high, medium, low), text: a sentence of the report's language, by a model
    RISK_NOTHING = "risk.nothing"
    RISK_UNKNOWN = "risk.unknown"
    RISK_BREAKING = "risk.breaking"
    RISK_NO_TESTS = "risk.no_tests"  # lines: of source without a test
    RISK_LARGE = "risk.large"  # lines, files
    RISK_DELETIONS = "risk.deletions"  # deletions, additions
    RISK_DEPENDENCIES = "risk.dependencies"  # paths
    RISK_BUILD = "risk.build"  # paths
    RISK_WORKFLOWS = "risk.workflows"  # paths
    RISK_MIGRATIONS = "risk.migrations"  # paths
    RISK_SECURITY = "risk.security"  # paths
    RISK_API = "risk.api"  # paths
    RISK_BINARY = "risk.binary"  # files
    RISK_SUBMODULE = "risk.submodule"  # paths
    RISK_REVERT = "risk.revert"

    SUGGEST_NOTHING = "suggest.nothing"
    SUGGEST_UNKNOWN = "suggest.unknown"
    SUGGEST_BREAKING = "suggest.breaking"
    SUGGEST_TESTS = "suggest.tests"  # areas
    SUGGEST_SPLIT_REVIEW = "suggest.split_review"  # areas
    SUGGEST_DELETIONS = "suggest.deletions"
    SUGGEST_DEPENDENCIES = "suggest.dependencies"  # paths
    SUGGEST_BUILD = "suggest.build"  # paths
    SUGGEST_WORKFLOWS = "suggest.workflows"  # paths
    SUGGEST_MIGRATIONS = "suggest.migrations"  # paths
    SUGGEST_SECURITY = "suggest.security"  # paths
    SUGGEST_API = "suggest.api"  # paths
    SUGGEST_BINARY = "suggest.binary"
    SUGGEST_SUBMODULE = "suggest.submodule"  # paths
    SUGGEST_REVERT = "suggest.revert"

    PART_TYPE = "part.type"  # type (a ChangeType value)
    PART_BREAKING = "part.breaking"
    PART_LINES = "part.lines"  # lines: of source
    PART_FILES = "part.files"  # files
    PART_KIND = "part.kind"  # kind (a FileKind value)
    PART_SECURITY = "part.security"  # paths
    PART_DEPENDENCIES = "part.dependencies"  # paths
    PART_MIGRATIONS = "part.migrations"  # paths
    PART_API = "part.api"  # paths
    PART_MERGE = "part.merge"
    PART_UNKNOWN_SIZE = "part.unknown_size"
    PART_FAILED = "part.failed"
    PART_OPINION = "part.opinion"  # tier: what a model thinks the commit is, reason: why, in its words


@value
class Phrase:
    code: Code
    args: dict[str, str | int | tuple[str, ...]] = field(default_factory=dict)


_PHRASE = TypeAdapter(Phrase)


def to_json(phrase: Phrase) -> str:
    return _PHRASE.dump_json(phrase).decode()


def from_json(text: str) -> Phrase:
    return _PHRASE.validate_json(text)
