"""Opening: migrations, directories that are not ours or damaged, two owners."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import CorruptData, DataInUse, Misuse
from streams.store import directory, migration, store
from streams.store.address import parse
from streams.store.client import connect
from streams.store.migration import available
from streams.store.token import statements
from tests.streams.store import history
from tests.streams.store.memory import opened

HOLDER = """
import asyncio, sys
from streams.store.store import Store

async def hold():
    held = await Store.open(sys.argv[1])
    print("held", flush=True)
    sys.stdin.read()
    await held.close()

asyncio.run(hold())
"""


def test_a_store_opens_again(url: str) -> None:
    with opened(url) as memory:
        memory.write(history.commit(history.ROCKET, 1))
    with opened(url) as memory:
        assert memory.rows("SELECT count() FROM v_commits") == [(1,)]
        assert memory.rows("SELECT number FROM migrations ORDER BY 1") == [(m.number,) for m in available()]


@pytest.mark.parametrize("done", [1, 7, 14, 20, 27, 30, 37])
def test_a_crash_in_the_middle_of_migrating_is_harmless(url: str, done: int) -> None:
    address = parse(url)
    claim = None if address.directory is None else directory.claim(address.directory)
    client = connect(address, database=False)
    migration.migrate(client, address, [])
    for statement in [part for m in available() for part in statements(m.sql)][:done]:
        client.command(statement)
    client.close()
    if claim is not None:
        claim.release()
    with opened(url) as memory:
        memory.write(*history.events()[:3])
        assert memory.rows("SELECT count() FROM v_commit_tiers") == [(3,)]


def test_the_engine_of_this_process_merges_little_at_a_time(url: str) -> None:
    """A server is left to its administrator."""
    with opened(url) as memory:
        [(how,)] = memory.rows(
            "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'patches'"
        )
    assert ("merge_max_block_size = 32" in how) == url.startswith("chdb://")


def test_other_settings_of_tables_reach_servers() -> None:
    other = migration.Migration(7, "007_x.sql", "ALTER TABLE seals MODIFY SETTING fsync_after_insert = 1;")
    assert migration.wanted(other, parse("clickhouse://host")) == [
        "ALTER TABLE seals MODIFY SETTING fsync_after_insert = 1"
    ]


def test_what_an_earlier_program_wrote_can_be_read(url: str) -> None:
    address = parse(url)
    claim = None if address.directory is None else directory.claim(address.directory)
    client = connect(address, database=False)
    migration.migrate(client, address, available()[:2])
    seen = history.commit(history.ROCKET, 1)
    said = history.analyzed(seen, 1)
    columns = ["repo", "sha", "analyzer", "language", "committed_at", "status", "event", "version"]
    row = [seen.repo, seen.sha, "static/1", "any", seen.committed_at, "done", said.model_dump_json(), 3 << 40]
    client.insert("analyses", [row], columns)
    client.insert("scores", [[seen.repo, seen.sha, "default", "low", 1]], ["repo", "sha", "profile", "tier", "version"])
    client.close()
    if claim is not None:
        claim.release()
    with opened(url) as memory:
        memory.write(seen)
        [found] = memory.run(memory.store.commits([(seen.repo, seen.sha)], "default", "en"))
        assert (found.analyzed, found.debt) == (said, None)
        assert found.scored is not None
        assert (found.scored.ruled, found.scored.opinion) == (None, None)
        assert memory.rows("SELECT wanted, model, cached, tokens FROM v_analyses") == [("static", "", False, 0)]
        memory.write(said)
        assert memory.rows("SELECT round FROM v_best_analyses") == [(said.round,)]


def test_a_changed_migration_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(url):
        pass
    changed = [replace(m, sql=m.sql + "\n") for m in available()]
    monkeypatch.setattr(store, "available", lambda: changed)
    with pytest.raises(CorruptData, match=r"001_tables\.sql is not the one"), opened(url):
        pass


def test_a_store_of_a_newer_program_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(url):
        pass
    monkeypatch.setattr(store, "available", lambda: available()[:1])
    with pytest.raises(CorruptData, match="newer Commitwire"), opened(url):
        pass


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CorruptData, match=r"letter\.txt"), opened(f"chdb://{tmp_path}"):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (file, file / "below"):
        with pytest.raises(Misuse, match=f"^{file} is a file; give"), opened(f"chdb://{path}"):
            pass


@pytest.mark.parametrize("pattern", ["metadata/*.sql", "store/*/*/commits.sql"])
def test_damaged_definitions_are_named(tmp_path: Path, pattern: str) -> None:
    path = tmp_path / "store"
    damage(path, pattern)
    with pytest.raises(CorruptData, match=str(path)) as caught, opened(f"chdb://{path}"):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("pattern", ["store/*/*/*/checksums.txt", "store/*/*/*/data.bin"])
def test_damaged_rows_are_not_passed_over(tmp_path: Path, pattern: str) -> None:
    path = tmp_path / "store"
    damage(path, pattern)
    with pytest.raises(CorruptData, match=r"damaged parts in .*commits"), opened(f"chdb://{path}"):
        pass


def damage(path: Path, pattern: str) -> None:
    with opened(f"chdb://{path}") as memory:
        memory.write(*history.events())
    files = list(path.glob(pattern))
    assert files
    for file in files:
        file.write_bytes(b"garbage")


def test_one_process_owns_a_directory(tmp_path: Path) -> None:
    url = f"chdb://{tmp_path / 'store'}"
    command = [sys.executable, "-c", HOLDER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataInUse, match="another running process"), opened(url):
            pass
        holder.communicate("")
    assert holder.returncode == 0
    with opened(url) as memory:
        assert memory.rows("SELECT 1") == [(1,)]


def test_one_directory_per_process(tmp_path: Path) -> None:
    with (
        opened(f"chdb://{tmp_path / 'one'}"),
        pytest.raises(Misuse, match="already initialized"),
        opened(f"chdb://{tmp_path / 'two'}"),
    ):
        pass


def test_opening_imports_no_engine_before_it_is_needed() -> None:
    code = "import sys, streams.store.store; print({'chdb', 'clickhouse_connect', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "set()\n"


def test_writing_imports_no_pandas(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from streams.store.store import Store
from tests.samples import commit

async def write() -> None:
    store = await Store.open(sys.argv[1])
    await store.write([commit(1)])
    await store.close()

asyncio.run(write())
print("pandas" in sys.modules)
"""
    command = [sys.executable, "-c", code, f"chdb://{tmp_path / 'store'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
