"""Check names, texts and pages against the project's word list and docstring rules.

`python -m tools.prose [PATH ...]` prints one line per finding and exits 1 if there is any;
without a path it checks everything. The words and the stored names are in tools/denied_words.txt.
Lines between `prose:off` and `prose:on` (in a comment) are left out.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tools.layout import ENTRY_FILES, PACKAGES

ROOT = Path(__file__).resolve().parent.parent
WORDS = Path(__file__).with_name("denied_words.txt")
CHECKED = (
    *PACKAGES,
    *ENTRY_FILES,
    "ui/src",
    "ui/emulator",
    "ui/README.md",
    "tools",
    "benchmarks",
    "findings",
    "tests",
    "docs",
)
CHECKED_FILES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "mkdocs.yml",
    "Makefile",
)
SUFFIXES = {".py", ".md", ".yml", ".toml", ".sh", ".css", ".ini", ".ts", ".tsx", ".cjs"}

MAX_SUMMARY_CHARS = 90
MAX_TEST_NAME_CHARS = 60
VERBS_IN_ED_OR_ING = frozenset(
    {"bring", "embed", "exceed", "feed", "need", "ping", "proceed", "seed"}
)

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LINE_BREAK = re.compile(r"[ \t>*]*\n[ \t>*]*")
_SENTENCE_END = re.compile(r"(?<=[.:;!?])\s|\n\s*\n")


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Rules:
    """Denied words as one pattern; the matching group's number leads to what to write instead."""

    pattern: re.Pattern[str]
    instead: tuple[str, ...]

    def advice(self, match: re.Match[str]) -> str:
        """Return what to write instead of the matched word."""
        return self.instead[(match.lastindex or 1) - 1]


@dataclass(frozen=True, slots=True)
class WordList:
    """The parsed list. `stored` maps a name to the files (patterns) that may hold it."""

    name_rules: Rules
    prose_rules: Rules
    stored: Mapping[str, tuple[str, ...]]
    openers: frozenset[str]

    def allowed_in(self, path: str) -> re.Pattern[str] | None:
        """Return a pattern of the stored names that this file may hold; None if there are none."""
        names = [
            re.escape(name)
            for name, files in self.stored.items()
            if any(fnmatch(path, pattern) for pattern in files)
        ]
        return re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)", re.IGNORECASE) if names else None


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a file: where it starts, and whether it is a name or prose."""

    line: int
    value: str
    is_name: bool = False


def read_words(text: str) -> WordList:
    """Parse the word list.

    Raises:
        ValueError: a line has no ` -> ` (a rule) or no `: ` (a stored name).
    """
    rules: dict[str, dict[str, str]] = {"everywhere": {}, "names": {}, "prose": {}}
    stored: dict[str, tuple[str, ...]] = {}
    openers: set[str] = set()
    section = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == "openers":
            openers.update(line.split())
        elif section == "stored":
            name, files = _split(line, ": ")
            stored[name] = tuple(files.split())
        else:
            pattern, instead = _split(line, " -> ")
            rules[section][pattern] = instead
    shared = rules["everywhere"]
    return WordList(
        name_rules=_compile(shared | rules["names"]),
        prose_rules=_compile(shared | rules["prose"]),
        stored=stored,
        openers=frozenset(openers),
    )


def check_file(path: Path, words: WordList, root: Path = ROOT) -> list[Finding]:
    """Return what breaks a rule in one file, in the order of its lines."""
    name = path.relative_to(root).as_posix()
    source = path.read_text(encoding="utf-8")
    skipped = _skipped_lines(source)
    texts = [Text(1, name, is_name=True), *_texts_of(path, source, skipped)]
    findings = list(_denied(name, texts, words))
    if path.suffix == ".py":
        findings += _check_docstrings(name, ast.parse(source), words.openers)
    return sorted(
        (finding for finding in findings if finding.line not in skipped),
        key=lambda finding: finding.line,
    )


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield every file that is checked: the paths themselves, or what lies below a folder."""
    for path in paths:
        if path.is_file():
            yield path
        for file in sorted(path.rglob("*")):
            inner = file.parts[len(path.parts) :]
            is_left_out = any(
                part.startswith((".", "__pycache__", "vendor", "built")) for part in inner
            )
            if file.suffix in SUFFIXES and file.is_file() and not is_left_out:
                yield file


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Print the findings; return the exit status of the command."""
    parser = argparse.ArgumentParser(prog="python -m tools.prose", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="file or folder")
    chosen = [path.resolve() for path in parser.parse_args(arguments).paths]
    paths = chosen or [root / name for name in (*CHECKED, *CHECKED_FILES) if (root / name).exists()]
    words = read_words(WORDS.read_text(encoding="utf-8"))
    findings = [finding for path in files_of(paths) for finding in check_file(path, words, root)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _split(line: str, separator: str) -> tuple[str, str]:
    before, is_there, after = line.partition(separator)
    if not is_there:
        raise ValueError(f"the word list has a line without '{separator}': {line}")
    return before.strip(), after.strip()


def _compile(rules: Mapping[str, str]) -> Rules:
    groups = "|".join(f"({pattern})" for pattern in rules).replace(" ", r"\s")
    return Rules(re.compile(rf"\b(?:{groups})\b"), tuple(rules.values()))


def _skipped_lines(source: str) -> set[int]:
    """Return the numbers of the lines between the marks, and of the marks."""
    skipped: set[int] = set()
    is_off = False
    for number, line in enumerate(source.splitlines(), start=1):
        is_off = is_off or "prose:off" in line
        if is_off:
            skipped.add(number)
        if "prose:on" in line:
            is_off = False
    return skipped


def _texts_of(path: Path, source: str, skipped: set[int]) -> Iterator[Text]:
    if path.suffix == ".py":
        yield from _python_texts(source)
    else:
        lines = enumerate(source.splitlines(), start=1)
        yield Text(1, "\n".join("" if number in skipped else line for number, line in lines))


def _python_texts(source: str) -> Iterator[Text]:
    """Yield names, strings and comments; comments on successive lines are one text."""
    comments: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            if comments and line > comments[-1][0] + 1:
                yield _joined(comments)
                comments = []
            comments.append((line, token.string.lstrip("# ")))
        elif token.type == tokenize.NAME:
            yield Text(line, token.string, is_name=True)
        elif token.type == tokenize.STRING or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
            yield Text(line, token.string)
    if comments:
        yield _joined(comments)


def _joined(comments: list[tuple[int, str]]) -> Text:
    return Text(comments[0][0], "\n".join(text for _, text in comments))


def _denied(path: str, texts: Iterable[Text], words: WordList) -> Iterator[Finding]:
    allowed = words.allowed_in(path)
    for text in texts:
        value = allowed.sub("", text.value) if allowed else text.value
        value = _WORD_BOUNDARY.sub(" ", value).replace("_", " ")
        value = _LINE_BREAK.sub("\n", value).lower()
        rules = words.name_rules if text.is_name else words.prose_rules
        for match in rules.pattern.finditer(value):
            line = text.line + value.count("\n", 0, match.start())
            shown = " ".join(match.group().split())
            yield Finding(path, line, f"{shown} -> {rules.advice(match)}")


def _check_docstrings(path: str, tree: ast.Module, openers: frozenset[str]) -> Iterator[Finding]:
    summary = _SENTENCE_END.split((ast.get_docstring(tree) or "").strip())[0]
    if len(summary) >= MAX_SUMMARY_CHARS:
        yield Finding(
            path, 1, f"first sentence of {len(summary)} characters -> {MAX_SUMMARY_CHARS - 1}"
        )
    is_test = path.startswith("tests/")
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if is_test and node.name.startswith("test_") and len(node.name) > MAX_TEST_NAME_CHARS:
            yield Finding(
                path,
                node.lineno,
                f"test name of {len(node.name)} characters -> {MAX_TEST_NAME_CHARS}",
            )
        opener = (ast.get_docstring(node) or "x").split()[0]
        if not (is_test or node.name.startswith("_")) and not _opens_with_verb(opener, openers):
            yield Finding(
                path, node.lineno, f"docstring opens with '{opener}' -> a verb: Return, Write"
            )


def _opens_with_verb(word: str, openers: frozenset[str]) -> bool:
    """Return False for articles, pronouns, participles, code and the third person (`Writes`)."""
    word = word.strip("`\"'.,:;()").lower()
    if word in openers or not word.isalpha():
        return False
    if word.endswith(("ed", "ing")):
        return word in VERBS_IN_ED_OR_ING
    return not word.endswith("s") or word.endswith("ss")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
