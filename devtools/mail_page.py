"""A small web page of what the mail catcher has caught."""

import threading
import time
from html import escape
from html.parser import HTMLParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .mail_catcher import Caught, MailCatcher, body

SHOWN = 200  # messages on the list
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{refresh}
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #222 }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }}
iframe {{ width: 100%; height: 70vh; border: 1px solid #ccc }}
pre {{ white-space: pre-wrap; background: #f6f6f6; padding: .6rem }}
</style></head><body>{content}</body></html>
"""
# The message is a stranger's HTML: no script, nothing fetched, links open in a tab of their own.
MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
)
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"


class _Links(HTMLParser):
    """Collects the links of a message."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        target = dict(attrs).get("href") or ""
        if tag == "a" and target.startswith(("http://", "https://")) and target not in self.found:
            self.found.append(target)


def links(html: str) -> list[str]:
    """Return the web addresses that a message links to, each once, in their order."""
    parser = _Links()
    parser.feed(html)
    return parser.found


def render_list(messages: list[Caught]) -> str:
    """Return the page that lists the messages, newest first."""
    rows = "".join(map(_render_row, messages[: -SHOWN - 1 : -1]))
    table = f"<table><tr><th>Time</th><th>To</th><th>Subject</th></tr>{rows}</table>" if rows else ""
    note = f"{len(messages)} caught, newest first." if rows else "Nothing yet. What Odoo sends appears here."
    content = f"<h1>Caught mail</h1><p>{note} Nothing leaves this machine.</p>{table}"
    return PAGE.format(title="Caught mail", refresh='<meta http-equiv="refresh" content="4">', content=content)


def _render_row(caught: Caught) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(caught.time))
    subject = escape(str(caught.message["Subject"] or "(no subject)"))
    link = f'<a href="/message/{caught.number}">{subject}</a>'
    return f"<tr><td>{clock}</td><td>{escape(', '.join(caught.recipients))}</td><td>{link}</td></tr>"


def render_message(caught: Caught) -> str:
    """Return the page of one message: headers, links, HTML in a sandbox, and plain text."""
    message = caught.message
    html, plain = body(message, "html"), body(message, "plain")
    headers = "".join(
        f"<tr><th>{name}</th><td>{escape(str(message[name] or ''))}</td></tr>"
        for name in ("From", "To", "Cc", "Reply-To", "Subject", "Date")
        if message[name]
    )
    found = "".join(
        f'<li><a href="{escape(link)}" target="_blank" rel="noopener">{escape(link)}</a></li>' for link in links(html)
    )
    parts = [
        f'<p><a href="/">All messages</a></p><h1>{escape(str(message["Subject"] or ""))}</h1><table>{headers}</table>',
        f"<h2>Links</h2><ul>{found}</ul>" if found else "",
        f'<h2>Message</h2><iframe sandbox="{SANDBOX}" title="Message" src="/message/{caught.number}/html"></iframe>'
        if html
        else "",
        f"<h2>Plain text</h2><pre>{escape(plain)}</pre>" if plain else "",
        f'<p><a href="/message/{caught.number}/source">Source</a></p>',
    ]
    return PAGE.format(title=escape(str(message["Subject"] or "Message")), refresh="", content="".join(parts))


class MailPage:
    """The web server of the page, in a thread of its own.

    :raise OSError: when the port is taken
    """

    def __init__(self, catcher: MailCatcher, host: str = "127.0.0.1", port: int = 0):
        class Handler(_Handler):
            pass

        Handler.catcher = catcher
        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="mail page", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    catcher: MailCatcher

    def do_GET(self):
        """Answer with the list, a message, its HTML or its source."""
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts == [""]:
            return self._send(render_list(self.catcher.caught))
        if parts[0] == "message" and len(parts) in (2, 3):
            caught = next((one for one in self.catcher.caught if str(one.number) == parts[1]), None)
            kind = parts[2] if len(parts) == 3 else "page"
            if caught and kind == "page":
                return self._send(render_message(caught))
            if caught and kind == "html":
                return self._send(f'<base target="_blank">{body(caught.message)}', policy=MESSAGE_POLICY)
            if caught and kind == "source":
                return self._send(caught.message.as_string(), content_type="text/plain")
        return self._send("There is no such page.", HTTPStatus.NOT_FOUND, "text/plain")

    def _send(self, text: str, status=HTTPStatus.OK, content_type: str = "text/html", policy: str = "") -> None:
        content = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments):
        """Say nothing: the terminal belongs to ./dev demo."""
