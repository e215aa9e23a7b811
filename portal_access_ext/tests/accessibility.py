import base64
import itertools
import json
import os
import re
import unittest
from pathlib import Path

from odoo.tests import HttpCase
from odoo.tests.common import HOST, ChromeBrowser, ChromeBrowserException

AXE = os.environ.get("PAE_AXE")
PICTURES = os.environ.get("PAE_PICTURES")  # a folder
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
DESKTOP, PHONE = (1366, 768), (390, 844)

# Of a page of the portal, once its scripts are loaded and at work; of any other page, once it is loaded.
READY = """
    document.readyState === "complete"
        && !document.body.matches(".o_lazy_js_waiting")
        && Promise.resolve(window.odoo?.loader?.modules.get("root.widget")).then(() => true)
"""
# What the steps of a test can use: each waits until what it needs is visible.
STEPS = """
    async function see(selector) {
        for (let attempt = 0; attempt < 200; attempt++) {
            const element = [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());
            if (element) {
                return element;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`There is no visible ${selector} on ${location.pathname}`);
    }
    async function click(selector) {
        const element = await see(selector);
        setTimeout(() => element.click());  // it may leave the page
    }
    async function type(selector, text) {
        const element = await see(selector);
        element.value = text;
        for (const name of ["input", "change"]) {
            element.dispatchEvent(new Event(name, { bubbles: true }));
        }
    }
"""
CHECK = """
    for (const selector of selectors) {
        await see(selector);
    }
    await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})));
    // An empty layer of website's over the whole page, through which axe sees no colours.
    for (const layer of document.querySelectorAll(".o-main-components-container:not(:has(.modal))")) {
        layer.style.setProperty("display", "none", "important");
    }
    const found = await axe.run(
        { include: selectors.map((each) => [each]), exclude: excluded.map((each) => [each]) },
        { runOnly: { type: "tag", values: rules }, resultTypes: ["violations", "incomplete"] },
    );
    const isHidden = (node) =>
        [...node.any, ...node.all, ...node.none].some((check) => check.data?.messageKey === "bgOverlap");
    const unseen = found.incomplete
        .filter((rule) => rule.id === "color-contrast")
        .map((rule) => ({ ...rule, nodes: rule.nodes.filter(isHidden) }));
    return [...found.violations, ...unseen].flatMap((violation) =>
        violation.nodes.map((node) => ({
            rule: violation.id,
            help: violation.help,
            where: node.target.join(" "),
            html: node.html,
            summary: node.failureSummary,
        })),
    );
"""
WORK = """
    (async () => {{
        {steps}
        const work = async () => {{ {constants} {code} }};
        const answer = work().then((value) => ({{ value }}), (error) => ({{ error: `${{error}}` }}));
        return JSON.stringify(await answer);
    }})()
"""


@unittest.skipUnless(AXE, "PAE_AXE does not name axe-core's axe.min.js; ./dev test does that")
class AccessibilityCase(HttpCase):
    """Opens pages in a browser and has axe-core look at our blocks, on a desktop and on a phone."""

    browser_size = "{},{}".format(*DESKTOP)
    _page = None

    @classmethod
    def get_page(cls):
        """:return ChromeBrowser: one for all tests of the class"""
        if not cls._page:
            cls._page = ChromeBrowser(cls)
            cls.addClassCleanup(cls._close_page)
            # Bootstrap then moves nothing, and what is half visible has no contrast.
            calm = [{"name": "prefers-reduced-motion", "value": "reduce"}]
            cls._page._websocket_request("Emulation.setEmulatedMedia", params={"features": calm})
        return cls._page

    @classmethod
    def _close_page(cls):
        cls._page.stop()
        cls._page = None

    def assert_accessible(self, url, *selectors, login=None, steps=(), sizes=(DESKTOP, PHONE), excluded=()):
        """Assert that parts of a page have no violation of level A or AA.

        :param str url: the page, opened anew for each size
        :param str selectors: the parts; each must be visible, or become so within seconds
        :param str login: who looks at it, with the same password; None for a visitor
        :param steps: JavaScript that leads to what is looked at, each run when the page is loaded: `await click("…")`,
            `await type("…", "text")`, `await see("…")`
        :param sizes: widths and heights of the screen
        :param excluded: selectors of what is Odoo's in these parts, and does not pass
        """
        self._enter_page(login)
        for size in sizes:
            with self.subTest(url=url, width=size[0]):
                found = self._find_violations(url, selectors, steps, size, excluded)
                if found:
                    self.fail(self._describe(found))

    def _enter_page(self, login):
        page = self.get_page()
        page.delete_cookie("session_id", url=self.base_url())
        self.authenticate(login, login, browser=page)
        self.cr.flush()
        self.cr.clear()
        self.addCleanup(self._leave_page)

    def _leave_page(self):
        """Let no request of the page outlive the test."""
        self._page.navigate_to("about:blank", wait_stop=True)
        self._page.delete_cookie("session_id", domain=HOST)
        self._wait_remaining_requests()

    def _find_violations(self, url, selectors, steps, size, excluded=()):
        """:return list: a dict for each element that violates a rule"""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 768}
        self._page._websocket_request("Emulation.setDeviceMetricsOverride", params=metrics)
        self._page.navigate_to(self.base_url() + url if url.startswith("/") else url, wait_stop=True)
        for step in steps:
            self._run(step)
        # The last step may lead to another page.
        self._run("".join(f"await see({json.dumps(selector)});" for selector in selectors))
        if PICTURES:
            self._take_picture(f"{url} {width}")
        return self._run(CHECK, axe=True, selectors=selectors, rules=RULES, excluded=list(excluded))

    def _take_picture(self, title):
        """Keep what the page looks like, for people."""
        name = re.sub(r"\W+", "-", f"{self._testMethodName} {title.removeprefix(self.base_url())}")[:100]
        paths = (Path(PICTURES, f"{name}-{number}.png") for number in itertools.count(1))
        path = next(path for path in paths if not path.exists())
        parameters = {"captureBeyondViewport": True}
        answer = self._page._websocket_request("Page.captureScreenshot", params=parameters)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _run(self, code, axe=False, **values):
        """Run JavaScript in the page that is loaded, and return what it returns."""
        for _attempt in range(5):
            self.assertTrue(self._page._wait_ready(READY), "The page does not get ready.")
            constants = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
            try:
                if axe:
                    self._evaluate(Path(AXE).read_text(encoding="utf-8"))
                answer = self._evaluate(WORK.format(steps=STEPS, constants=constants, code=code))
                break
            except ChromeBrowserException:
                # What the step before clicked at led to another page only now.
                continue
        else:
            self.fail("The page does not come to rest.")
        answer = json.loads(answer.get("value") or "{}")
        if "error" in answer:
            self.fail(answer["error"])
        return answer.get("value")

    def _evaluate(self, code):
        parameters = {"expression": code, "awaitPromise": True, "returnByValue": True}
        return self._page._websocket_request("Runtime.evaluate", params=parameters, timeout=30)["result"]

    @staticmethod
    def _describe(found):
        lines = [f"{len(found)} violations:"]
        for each in found:
            summary = each["summary"].replace("\n", "\n    ")
            lines += [f"- {each['rule']}: {each['help']}, at {each['where']}", f"    {each['html']}", f"    {summary}"]
        return "\n".join(lines)
