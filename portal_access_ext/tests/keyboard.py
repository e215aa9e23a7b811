import time

from .accessibility import DESKTOP, AccessibilityCase

VIRTUAL_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowDown": 40, "a": 65}
MODIFIERS = {"Control": 2, "Shift": 8}
TEXTS = {"Enter": "\r", " ": " "}
# At twice the size of letters, and on a phone.
ZOOMED = {"width": 683, "height": 768, "deviceScaleFactor": 2, "mobile": False}

# What can be used in a part of a page, and what the focus is at. A group of radios is one stop.
WATCH = """
    const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const typed = "textarea, input:not([type=checkbox], [type=radio], [type=submit], [readonly])";
    const look = (element) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor, color,
            textDecorationLine } = getComputedStyle(element);
        const outline = outlineStyle !== "none" && parseFloat(outlineWidth) && outlineColor;
        return [outline, boxShadow, borderColor, backgroundColor, color, textDecorationLine].join("|");
    };
    const isStop = (element) => element.matches(usable) && !element.disabled && element.tabIndex >= 0
        && element.checkVisibility({ visibilityProperty: true })
        && !(element.type === "radio" && !element.checked
            && document.querySelector(`[type=radio][name="${element.name}"]:checked`));
    const name = (element) => {
        const { width, height } = element.getBoundingClientRect();
        const text = element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent;
        const short = text.trim().replace(/\\s+/g, " ").slice(0, 50);
        return `${element.tagName.toLowerCase()} ${element.name || ""} "${short}"`
            + (width && height ? "" : " (without a size)");
    };
"""
START = (
    WATCH
    + """
    const part = (window.portalPart = await see(selector));
    document.activeElement.blur();
    const stops = [...part.querySelectorAll(usable)].filter(isStop);
    window.portalLooks = new Map(stops.map((element) => [element, look(element)]));
    // A script brings the focus here; the keys go out and in again.
    stops[0]?.focus();
    const wrong = [...part.querySelectorAll("*")].filter((element) => element.tabIndex > 0)
        .map((element) => `A tabindex of its own: ${name(element)}`);
    for (const element of part.querySelectorAll("*")) {
        const isClickable = getComputedStyle(element).cursor === "pointer" && element.checkVisibility();
        const reachable = `${usable}, label, .o_data_row, thead`;
        const isOutermost = getComputedStyle(element.parentElement).cursor !== "pointer";
        if (isClickable && isOutermost && !element.closest(reachable) && !element.querySelector(usable)) {
            wrong.push(`For the mouse alone: ${name(element)}`);
        }
    }
    return { count: stops.length, wrong };
"""
)
STEP = (
    WATCH
    + """
    const element = document.activeElement;
    if (!window.portalPart?.contains(element)) {
        return null;
    }
    await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})));
    const before = window.portalLooks.get(element);
    window.portalLooks.set(element, "seen");
    const { left, right, top, bottom } = element.getBoundingClientRect();
    // The focus may have scrolled any of what it is in.
    let [x, y] = [0, 0];
    for (let around = element.parentElement; around; around = around.parentElement) {
        x += around.scrollLeft;
        y += around.scrollTop;
    }
    return {
        name: name(element),
        isAgain: before === "seen",
        // A text that can be typed in has a caret.
        isVisible: before === undefined || look(element) !== before || element.matches(typed),
        box: { left: left + x, right: right + x, top: top + y, bottom: bottom + y },
    };
"""
)
END = (
    WATCH
    + """
    return [...window.portalLooks].filter(([element, seen]) => seen !== "seen" && element.isConnected
        && isStop(element)).map(([element]) => name(element));
"""
)
CUT = """
    const part = await see(selector);
    const cut = [...part.querySelectorAll("*")].filter((element) => {
        const { overflowX, textOverflow } = getComputedStyle(element);
        return element.checkVisibility() && ["hidden", "clip"].includes(overflowX) && element.clientWidth > 1
            && textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
    });
    const { scrollWidth, clientWidth } = document.documentElement;
    return [
        ...cut.map((element) => `Cut: ${element.outerHTML.slice(0, 200)}`),
        ...(scrollWidth > clientWidth ? [`The page is ${scrollWidth} wide, and the screen ${clientWidth}.`] : []),
    ];
"""
ACTIVE = "const { activeElement } = document; return activeElement.matches(selector);"


class KeyboardCase(AccessibilityCase):
    """Uses pages by the keys of a keyboard, as the browser gets them: nothing is clicked or focused by a script."""

    def open_page(self, url, login=None, size=DESKTOP):
        if login:
            self._enter_page(login)
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._page._websocket_request("Emulation.setDeviceMetricsOverride", params=metrics)
        self._page.navigate_to(self.base_url() + url, wait_stop=True)

    def see(self, *selectors):
        for selector in selectors:
            self._run("await see(selector);", selector=selector)

    def press(self, *keys):
        """Press keys one after the other, `Shift+Tab` and the like too."""
        for key in keys:
            modifier, _plus, rest = key.rpartition("+")
            code = VIRTUAL_KEYS[rest]
            event = {"key": rest, "code": "Space" if rest == " " else rest, "windowsVirtualKeyCode": code}
            event["modifiers"] = MODIFIERS.get(modifier, 0)
            text = {"text": TEXTS[rest]} if rest in TEXTS else {}
            kind = "keyDown" if text else "rawKeyDown"
            for parameters in ({"type": kind, **event, **text}, {"type": "keyUp", **event}):
                self._page._websocket_request("Input.dispatchKeyEvent", params=parameters)

    def enter(self, text):
        self._page._websocket_request("Input.insertText", params={"text": text})

    def is_at(self, selector):
        return self._run(ACTIVE, selector=selector)

    def assert_at(self, selector):
        """Assert that the focus is there, or soon gets there."""
        code = """
            for (let attempt = 0; attempt < 100 && !document.activeElement.matches(selector); attempt++) {
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            return document.activeElement.matches(selector) || document.activeElement.outerHTML.slice(0, 200);
        """
        self.assertIs(self._run(code, selector=selector), True, f"The focus is not at {selector}")

    def tab_to(self, selector, key="Tab", limit=80, pause=0):
        """Press a key until the focus is there.

        :param float pause: seconds after each; what follows a key, as the next row of a list, may take its time
        """
        self.see(selector)
        for _press in range(limit):
            if self.is_at(selector):
                return
            self.press(key)
            time.sleep(pause)
        self.fail(f"{key} does not lead to {selector}")

    def assert_walkable(self, selector):
        """Assert that Tab leads through a part of a page: to everything, in the order in which it is seen, and so that
        one sees where one is; and out of it again.
        """
        started = self._run(START, selector=selector)
        problems, stops = list(started["wrong"]), []
        self.press("Shift+Tab")
        for _press in range(started["count"] + 5):
            self.press("Tab")
            stop = self._run(STEP)
            if stop is None or stop["isAgain"]:
                break
            if not stop["isVisible"]:
                problems.append(f"The focus can't be seen: {stop['name']}")
            if stops and self._is_before(stop["box"], stops[-1]["box"]):
                problems.append(f"Out of order: {stop['name']} after {stops[-1]['name']}")
            stops.append(stop)
        else:
            problems.append("The focus does not get out.")
        problems += [f"Not reached: {name}" for name in self._run(END)]
        self.assertFalse(problems, "\n".join(["", *problems, "Stops:", *(stop["name"] for stop in stops)]))
        self.assertTrue(stops)

    @staticmethod
    def _is_before(box, other):
        """:return bool: whether one reads it earlier: left in the same line, or above and not in a next column"""
        middle = (box["top"] + box["bottom"]) / 2
        if other["top"] <= middle <= other["bottom"]:
            return box["right"] <= other["left"]
        return box["bottom"] <= other["top"] and box["left"] < other["right"]

    def assert_not_cut(self, selector, lang=None):
        """Assert that nothing is cut on a small screen, and twice as big; and what the page says of itself.

        :param str lang: the language in which the page has to say that it is
        """
        phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
        for metrics in (phone, ZOOMED):
            self._page._websocket_request("Emulation.setDeviceMetricsOverride", params=metrics)
            self.assertEqual(self._run(CUT, selector=selector), [], metrics)
        title, found_lang = self._run("return [document.title, document.documentElement.lang];")
        self.assertTrue(title.strip())
        if lang:
            self.assertEqual(found_lang, lang)
