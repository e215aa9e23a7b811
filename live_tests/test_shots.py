"""The pictures of the guide can be taken: some scenes of ./dev shots, on a real Odoo with everything."""

import os

import pytest

from devtools import shots
from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS
from devtools.shots.camera import Album, Camera

TEMPLATE = os.environ.get("PAE_FULL_DB_TEMPLATE")
SOME = ["sign-up", "change-login"]

pytestmark = pytest.mark.skipif(not TEMPLATE, reason="needs the database with everything")


@pytest.fixture(scope="module")
def stage():
    """The address of an Odoo with the people of the pictures, and what is known of them."""
    context = Context()
    with Databases(context).throwaway(TEMPLATE) as name:
        known = shots.prepare(context, name)
        with shots.serving(context, name, LOGS / "live-shots.log") as url:
            yield url, known


def test_pictures_are_taken_and_those_that_show_the_same_are_left_alone(stage, tmp_path):
    (url, known), lang = stage, "en"
    scenes = [scene for _lang, scene in shots.wanted([lang], SOME)]
    names = [name for scene in scenes for name in scene.names if name in SOME]
    assert names == SOME
    for takes in ("first", "second"):
        album = Album(tmp_path, SOME, False)
        for scene in scenes[: 1 if takes == "second" else None]:
            scene.play(Camera(url, lang, album), known, lang)
        if takes == "first":
            assert all((tmp_path / "docs" / "img" / lang / f"{name}.png").stat().st_size > 2000 for name in names)
        else:
            assert not album.written
            assert album.kept
