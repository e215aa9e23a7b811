"""Take pictures of pages: a browser that speaks a language, and the folder of the pictures."""

import base64
import contextlib
import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, PngImagePlugin

COLORS = 192
MARGIN = 12
# What is not the same twice, and says nothing: a cursor that blinks, something that fades in. And the name of the demo
# provider, where a real database has the name of a real one.
STILL = """
    *, *::before, *::after {
        animation: none !important; transition: none !important; caret-color: transparent !important;
    }
    ::-webkit-scrollbar { display: none }
    .o_notification_manager, [name^="o_payment_secured_by"] { visibility: hidden }
"""
# Days and numbers change from run to run; so do the names of months.
CHANGING = re.compile(r"\S*\d\S*")
# What the pages of the addons show, too: the addon, and the name there.
OF_ADDONS = {
    "dialog": ("portal_access_ext", "dialog"),
    "contact": ("portal_access_ext", "contact"),
    "dashboard": ("portal_access_ext", "dashboard"),
    "security": ("portal_access_ext", "security"),
    "addresses": ("portal_access_ext", "addresses"),
    "invoice-pay": ("portal_access_ext_account_payment", "invoice"),
    "invoices": ("portal_access_ext_account_payment", "invoices"),
    "ewallet-history": ("portal_access_ext_sale_loyalty", "ewallet"),
    "ewallet": ("portal_access_ext_sale_loyalty", "topup"),
    "subscription": ("portal_access_ext_subscription_oca", "subscription"),
    "ticket": ("portal_access_ext_helpdesk_mgmt", "ticket"),
}
ONLY_OF_ADDONS = ("security", "invoices", "ewallet-history")
TEXT_KEY = "text"  # in the picture: what it says, as a hash
SAME = 0.06  # the part of a picture that days and numbers take at most


class Scene(NamedTuple):
    """What is done in the product, and the names of the pictures that are taken meanwhile."""

    names: tuple[str, ...]
    play: Callable


def scene(scenes: list[Scene], *names: str) -> Callable:
    """Decorate a function with the names of its pictures, and list it."""

    def add(play: Callable) -> Callable:
        scenes.append(Scene(names, play))
        return play

    return add


class Album:
    """The folders of the pictures: docs/img/<lang>/<name>.png, and those of the addons for some in English.

    :param root: the folder of the project
    :param names: the pictures that are wanted; all when it is empty
    :param force: write also those that show the same
    """

    def __init__(self, root: Path, names: list[str], force: bool):
        self.root = root
        self.names = names
        self.force = force
        self.written: list[str] = []
        self.kept = 0

    def add(self, lang: str, name: str, shot: bytes, text: str) -> None:
        """Write a picture, unless it is there and shows the same."""
        if self.names and name not in self.names:
            return
        image = Image.open(io.BytesIO(shot)).convert("RGB")
        key = hashlib.sha256(" ".join(CHANGING.sub("", text).split()).encode()).hexdigest()[:16]
        for path in self.paths(lang, name):
            if not self.force and path.exists() and shows_the_same(Image.open(path), image, key):
                self.kept += 1
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            note = PngImagePlugin.PngInfo()
            note.add_text(TEXT_KEY, key)
            small = image.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            small.save(path, optimize=True, pnginfo=note)
            self.written.append(f"{path.relative_to(self.root)} ({path.stat().st_size // 1024 or 1} KB)")

    def paths(self, lang: str, name: str) -> list[Path]:
        """Return where a picture is kept."""
        paths = [] if name in ONLY_OF_ADDONS else [self.root / "docs" / "img" / lang / f"{name}.png"]
        if lang == "en" and name in OF_ADDONS:
            addon, addon_name = OF_ADDONS[name]
            paths.append(self.root / addon / "static" / "description" / f"{addon_name}.png")
        return paths

    def __str__(self) -> str:
        lines = [f"   {line}" for line in self.written]
        return "\n".join([*lines, f"{len(self.written)} pictures written, {self.kept} show the same as before."])


def shows_the_same(old: Image.Image, new: Image.Image, key: str) -> bool:
    """Tell whether a picture that was kept shows the same as a new one, but for days and numbers."""
    if old.size != new.size or getattr(old, "text", {}).get(TEXT_KEY) != key:
        return False
    difference = ImageChops.difference(old.convert("RGB"), new).convert("L").point(lambda value: 255 * (value > 60))
    return difference.histogram()[255] <= SAME * new.width * new.height


class Camera:
    """Opens browsers of people who speak a language, and takes pictures of what they see."""

    def __init__(self, url: str, lang: str, album: Album):
        self.url = url
        self.lang = lang
        self.album = album

    @contextlib.contextmanager
    def browser(self, width: int = 1100, height: int = 2800) -> Iterator:
        """Open a browser of somebody who never was here."""
        from live_tests import chromium  # only in the environment

        with chromium.opened(self.url) as tab:
            self.tab = tab
            tab.send("Network.enable")
            tab.send("Network.setExtraHTTPHeaders", headers={"Accept-Language": self.lang})
            tab.send(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
            )
            yield tab

    def take(self, name: str, *selectors: str, margin: int = MARGIN) -> None:
        """Take a picture of the smallest box that everything shown of some selectors fits in.

        :param margin: how much is shown around it; nothing of a dialog
        """
        self.tab.evaluate(
            f"""{{
                const style = document.createElement("style");
                style.textContent = {json.dumps(STILL)};
                document.head.append(style);
                document.activeElement?.blur();
                getSelection().removeAllRanges();
            }}"""
        )
        time.sleep(0.3)  # pictures and fonts are drawn
        found = self.tab.wait_for(
            f"""(() => {{
                const all = [...document.querySelectorAll({json.dumps(", ".join(selectors))})].filter(
                    (element) => element.checkVisibility() && element.getBoundingClientRect().height
                );
                const drawn = (image) =>
                    image.complete || !image.checkVisibility() || !all.some((element) => element.contains(image));
                if (!all.length || ![...document.images].every(drawn)) {{
                    return null;
                }}
                const boxes = all.map((element) => element.getBoundingClientRect());
                const left = Math.min(...boxes.map((box) => box.left)), top = Math.min(...boxes.map((box) => box.top));
                return {{
                    x: left, y: top,
                    width: Math.max(...boxes.map((box) => box.right)) - left,
                    height: Math.max(...boxes.map((box) => box.bottom)) - top,
                    text: all.map((element) => element.innerText).join(" "),
                }};
            }})()""",
            f"{selectors} can be taken a picture of",
        )
        text = found.pop("text")
        x, y = max(0, int(found["x"]) - margin), max(0, int(found["y"]) - margin)
        clip = {
            "x": x,
            "y": y,
            "width": int(found["x"] + found["width"]) + margin - x,
            "height": int(found["y"] + found["height"]) + margin - y,
            "scale": 1,
        }
        shot = self.tab.send("Page.captureScreenshot", format="png", clip=clip)["result"]["data"]
        self.album.add(self.lang, name, base64.b64decode(shot), text)
