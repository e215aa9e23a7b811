"""A real browser, by Chrome's own protocol: as much of it as walking through a portal needs."""

import base64
import contextlib
import itertools
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests
import websocket

from devtools import browser
from devtools.processes import Child

from .server import wait_until

TIMEOUT = 30
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--no-default-browser-check", "--remote-debugging-port=0", "--remote-allow-origins=*", "--window-size=1366,1600",
)  # fmt: skip
# Buttons work when the scripts are there that listen to them.
READY = """(async () => {
    const script = (name) => {
        const found = window.odoo?.loader?.modules.get(name);
        return found?.[Symbol.for("default")] ?? found;
    };
    const root = script("root.widget");
    if (document.readyState !== "complete" || !root) {
        return false;
    }
    await script("@web/legacy/js/public/lazyloader").allScriptsLoaded;
    await root;
    return true;
})()"""


class Chromium:
    """A tab of a browser that was never used."""

    def __init__(self, url: str, socket: websocket.WebSocket, downloads: Path):
        self.url = url
        self._socket = socket
        self._downloads = downloads
        self._numbers = itertools.count(1)

    def send(self, method: str, **parameters) -> dict:
        """Give the browser a command of its protocol, and return the answer."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                return answer

    def evaluate(self, expression: str):
        """Return the value of an expression, None when the page went away meanwhile.

        :raise AssertionError: with the error, when it throws one
        """
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "error" in answer:  # the page was left
            return None
        if details := answer["result"].get("exceptionDetails"):
            raise AssertionError(f"{expression}: {details.get('exception', details).get('description')}")
        return answer["result"]["result"].get("value")

    def wait_for(self, expression: str, what: str = ""):
        """Return the value of an expression as soon as it is true."""
        try:
            return wait_until(lambda: self.evaluate(expression), what or expression, TIMEOUT)
        except TimeoutError as error:
            raise AssertionError(f"{error}, on {self.path}: {self.text[:3000]}") from None

    def go(self, path: str) -> None:
        """Open a page, as by typing its address."""
        self.send("Page.navigate", url=self.url + path)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the page's buttons work."""
        self.wait_for(READY, "the page is ready")

    @property
    def path(self) -> str:
        """The path of the page."""
        return self.evaluate("location.pathname") or ""

    @property
    def text(self) -> str:
        """What a reader sees."""
        return self.evaluate("document.body.innerText") or ""

    def links(self, selector: str) -> list[str]:
        """Return where links lead to."""
        return self.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map((link) => link.href)") or []

    def _find(self, selector: str, text: str = "") -> str:
        """Return the expression of the first visible element with a selector and a text."""
        return (
            f"[...document.querySelectorAll({json.dumps(selector)})].find((element) =>"
            f" element.checkVisibility() && element.textContent.includes({json.dumps(text)}))"
        )

    def wait_to_see(self, selector: str, text: str = "") -> None:
        """Wait until something shows."""
        self.wait_for(f"!!{self._find(selector, text)}", f"{selector} {text} shows")

    def click(self, selector: str, text: str = "") -> None:
        """Click on the first such element that shows and can be clicked."""
        find = self._find(f"{selector}:not(:disabled):not(.disabled)", text)
        self.wait_for(
            f"(() => {{ const found = {find}; found?.scrollIntoView(); found?.click(); return !!found; }})()",
            f"{selector} {text} can be clicked",
        )

    def follow(self, selector: str, text: str = "") -> None:
        """Click, and wait for the page that this leads to."""
        self.evaluate("window.pae_left = true")
        self.click(selector, text)
        self.wait_for("!window.pae_left", f"{selector} {text} leads to another page")
        self.wait_until_ready()

    def type(self, selector: str, value: str) -> None:
        """Fill in a field, or choose an option of a list."""
        self.wait_to_see(selector)
        self.evaluate(
            f"""{{
                const field = {self._find(selector)};
                field.value = {json.dumps(value)};
                for (const name of ["input", "change"]) {{
                    field.dispatchEvent(new Event(name, {{bubbles: true}}));
                }}
            }}"""
        )

    def fetch(self, address: str) -> bytes:
        """Return what the page gets from an address."""
        return base64.b64decode(
            self.evaluate(
                f"""(async () => {{
                    const answer = await fetch({json.dumps(address)});
                    const bytes = new Uint8Array(await answer.arrayBuffer());
                    return btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(""));
                }})()"""
            )
        )

    def download(self, selector: str) -> bytes:
        """Click on a link to a file, and return the file."""
        before = set(self._downloads.iterdir())
        self.click(selector)

        def complete() -> list[Path]:
            return [path for path in self._downloads.iterdir() if path not in before and path.suffix != ".crdownload"]

        return wait_until(complete, f"{selector} is downloaded", TIMEOUT)[0].read_bytes()


@contextlib.contextmanager
def opened(url: str) -> Iterator[Chromium]:
    """Open a browser for somebody who visits a server."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        profile, downloads = Path(name, "profile"), Path(name, "downloads")
        downloads.mkdir()
        command = [browser.ensure(), *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        with Child(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            port_file = profile / "DevToolsActivePort"
            wait_until(lambda: port_file.exists() and port_file.read_text().count("\n"), "the browser is there")
            port = port_file.read_text().partition("\n")[0]
            target = wait_until(lambda: _find_tab(port), "the browser has a tab")
            socket = websocket.create_connection(target, timeout=TIMEOUT)
            with contextlib.closing(socket):
                tab = Chromium(url, socket, downloads)
                for domain in ("Page", "Runtime"):
                    tab.send(f"{domain}.enable")
                tab.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
                yield tab
                tab.send("Browser.close")
                time.sleep(0.2)


def _find_tab(port: str) -> str:
    tabs = requests.get(f"http://127.0.0.1:{port}/json", timeout=TIMEOUT).json()
    return next((tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"), "")
