"""`commitwire render`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from reports.deliveries.files import ReportFiles
from schemas.complaint import complaints
from schemas.errors import Misuse
from schemas.reports import ReportPublished
from streams.commands import options
from streams.config import is_zone


def render(
    event: Annotated[Path, typer.Argument(metavar="EVENT.json", help="A report event, as `report` writes it.")],
    lang: options.LanguageCode = None,
    format: options.Formats = None,
    out: options.OutDirectory = None,
    config: options.ConfigFile = None,
) -> None:
    """Render a saved report event again, offline; print the paths of the files, one a line."""
    settings = options.settings(config)
    published = _read(event)
    language = options.language(lang, published.definition.language)
    files = ReportFiles(out or settings.out, options.formats(format, settings.formats), settings.templates)
    for written in files.write(published, language):
        typer.echo(written.path)


def _read(path: Path) -> ReportPublished:
    try:
        report = ReportPublished.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Misuse(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise Misuse(f"{path} is no report event: {complaints(error)[0].at('the file')}") from error
    if not is_zone(report.definition.zone):
        raise Misuse(f"{path} is no report event: definition.zone: there is no time zone {report.definition.zone!r}")
    if report.reference is not None:
        raise Misuse(f"{path} is only the summary of a large report; render the .json file that `report` wrote")
    return report
