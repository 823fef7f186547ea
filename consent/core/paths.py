"""Where templates, static files and catalogues lie: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
EMBED = STATIC / "embed"
TRANSLATIONS = ROOT / "translations"
DEMO = PACKAGE / "demo"
FONTS = PACKAGE / "fonts"
