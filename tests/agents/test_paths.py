"""What paths say, over the well-known ecosystems."""

from __future__ import annotations

import pytest

from agents.analyzers.paths import Mark, area_of, classify, rank
from schemas.analyses import FileKind

KINDS = {
    FileKind.SOURCE: (
        "src/flask/app.py lib/llm/src/kv_router.rs builtin/gc.c web/index.tsx cmd/main.go src/flask/testing.py "
        "app/models/user.rb templates/base.html kernels/attention.cu Main.java latest.py contest.go"
    ),
    FileKind.TEST: (
        "tests/test_basic.py t/t7900-maintenance.sh pkg/server_test.go src/app.spec.ts src/test/java/FooTest.java "
        "spec/models/user_spec.rb conftest.py crates/x/tests/it.rs web/__tests__/a.js tests/data/big.json tox.ini "
        "Tests/FooTests.cs"
    ),
    FileKind.DOCS: (
        "README.md docs/conf.py Documentation/git.adoc CHANGES.rst LICENSE CONTRIBUTING examples/tutorial/app.py "
        ".github/ISSUE_TEMPLATE/bug.md docs/images.md CODEOWNERS .readthedocs.yaml"
    ),
    FileKind.WORKFLOW: (
        ".github/workflows/tests.yaml .gitlab-ci.yml Jenkinsfile .circleci/config.yml azure-pipelines.yml .travis.yml "
        ".github/actions/setup/action.yml ci/run-build-and-tests.sh ops/Jenkinsfile.nightly .buildkite/pipeline.yml"
    ),
    FileKind.DEPENDENCY: (
        "pyproject.toml package.json Cargo.toml go.mod requirements.txt requirements/dev.in "
        "requirements/extras/redis.txt docs/requirements.txt dev-requirements.txt "
        " Gemfile pom.xml build.gradle.kts .github/dependabot.yml x.gemspec "
        ".pre-commit-config.yaml .gitmodules composer.json environment.yml"
    ),
    FileKind.BUILD: (
        "Makefile CMakeLists.txt setup.py Dockerfile docker/Dockerfile.rocm BUILD.bazel meson.build configure.ac "
        "docker-compose.yml webpack.config.js app/App.csproj rules.mk .devcontainer/devcontainer.json build.rs"
    ),
    FileKind.GENERATED: (
        "package-lock.json uv.lock Cargo.lock go.sum yarn.lock vendor/github.com/x/y.go web/app.min.js api/v1_pb2.py "
        "api/v1.pb.go third_party/zlib/inflate.c web/__snapshots__/a.snap poetry.lock zz_generated.deepcopy.go"
    ),
    FileKind.CONFIG: ".gitignore config/app.yaml settings.toml .editorconfig tsconfig.json deploy/values.yaml app.ini",
    FileKind.ASSET: "static/logo.png fonts/a.woff2 po/de.po data/rows.csv model.onnx",
    FileKind.OTHER: "scripts/release mergetools/xxdiff data.unknown notes.txt",
}


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in KINDS.items() for path in paths.split()])
def test_kind(kind: FileKind, path: str) -> None:
    assert classify(path).kind is kind


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "Python"),
        ("a/B.TSX", "TypeScript"),
        ("x.cuh", "CUDA"),
        ("Dockerfile", "Dockerfile"),
        ("docker/Dockerfile.rocm", "Dockerfile"),
        ("CMakeLists.txt", "CMake"),
        ("x.unknown", None),
        ("LICENSE", None),
        (".gitignore", None),
        ("c", None),
        ("", None),
    ],
)
def test_language(path: str, language: str | None) -> None:
    assert classify(path).language == language


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("README.md", "."),
        ("src/app.py", "src"),
        ("lib/llm/src/kv_router.rs", "lib/llm"),
        (".github/workflows/ci.yml", ".github/workflows"),
        ("", "."),
    ],
)
def test_area(path: str, area: str) -> None:
    assert area_of(path) == area


@pytest.mark.parametrize(
    ("path", "marks"),
    [
        ("src/auth/token.py", {"security"}),
        ("src/userPassword.ts", {"security"}),
        ("lib/tokenizer.py", set()),
        ("src/author.py", set()),
        ("tests/test_auth.py", set()),
        ("docs/security.md", set()),
        ("db/migrations/0001_initial.py", {"migration"}),
        ("alembic/versions/9f_add.py", {"migration"}),
        ("api/v1/user.proto", {"api"}),
        ("include/lib.h", {"api"}),
        ("uv.lock", {"dependency"}),
        ("package.json", {"dependency"}),
        ("Makefile", {"build"}),
        (".github/workflows/ci.yml", {"workflow"}),
        ("benchmarks/run.py", {"performance"}),
        ("src/app.py", set()),
    ],
)
def test_marks(path: str, marks: set[Mark]) -> None:
    assert classify(path).marks == marks


def test_sources_come_first_and_what_machines_wrote_last() -> None:
    paths = ["uv.lock", "README.md", "logo.png", "tests/test_app.py", "src/app.py"]
    assert sorted(paths, key=rank) == ["src/app.py", "tests/test_app.py", "README.md", "logo.png", "uv.lock"]
