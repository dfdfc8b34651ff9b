"""The alarm is heard though the tab sleeps: a real hidden tab, throttled as browsers do it.

Playwright's own tabs always count as seen, so this tab is opened and driven below it: by the
browser's own protocol, with the switches removed that Playwright sets against throttling.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import FLAGS, WAIT_S, Night

UNTHROTTLED = ["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
               "--disable-renderer-backgrounding", "--mute-audio"]  # fmt: skip
# What goes to the loudspeaker is measured: the loudest sample since the last question.
METER = """
window.loudest = 0;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode) {
    const meter = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, meter);
    window.meters = [...(window.meters ?? []), meter];
  }
  return connect.call(this, to, ...rest);
};
window.listen = () => {
  const samples = new Float32Array(32768);
  for (const meter of window.meters ?? []) { meter.getFloatTimeDomainData(samples); for (const s of samples) window.loudest = Math.max(window.loudest, Math.abs(s)); }
  return window.loudest;
};
"""


class Tab:
    """A tab driven by the browser's protocol alone."""

    def __init__(self, session: Any, cookies: list[dict[str, Any]], url: str):
        self.session, self.count, self.got = session, 0, {}
        session.on("Target.receivedMessageFromTarget", self._take)
        session.send("Storage.setCookies", {"cookies": cookies})
        self.target = session.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.id = session.send(
            "Target.attachToTarget", {"targetId": self.target, "flatten": False}
        )["sessionId"]
        self.send("Page.enable")
        self.send("Page.addScriptToEvaluateOnNewDocument", source=METER)
        self.send("Page.navigate", url=url)
        self.until("document.documentElement.dataset.ready === '1'")

    def _take(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self.got[message["id"]] = message

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self.count += 1
        number = self.count
        body = json.dumps({"id": number, "method": method, "params": params})
        self.session.send("Target.sendMessageToTarget", {"sessionId": self.id, "message": body})
        deadline = time.monotonic() + WAIT_S
        while number not in self.got:
            self.session.send("Target.getTargets")
            assert time.monotonic() < deadline, method
        return self.got.pop(number)

    def ask(self, code: str, gesture: bool = False) -> Any:
        answer = self.send(
            "Runtime.evaluate",
            expression=code,
            returnByValue=True,
            awaitPromise=True,
            userGesture=gesture,
        )
        return answer["result"]["result"].get("value")

    def until(self, code: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while not self.ask(code):
            assert time.monotonic() < deadline, code
            time.sleep(0.1)

    def hide(self) -> None:
        """Another tab comes to the front of the same window."""
        self.session.send("Target.createTarget", {"url": "about:blank"})
        self.until("document.visibilityState === 'hidden'")

    def ticks(self, seconds: float) -> int:
        """How often a timer of 100 ms runs in that time."""
        self.ask(
            "window.n = 0; clearInterval(window.timer); window.timer = setInterval(() => { n += 1; }, 100); 1"
        )
        time.sleep(seconds)
        return int(self.ask("n"))


@pytest.fixture
def tab(night: Night, chromium: str, browser: Any) -> Iterator[Tab]:
    kind = browser.browser_type
    own = kind.launch(executable_path=chromium, args=FLAGS, ignore_default_args=UNTHROTTLED)
    keep = ("name", "value", "domain", "path", "httpOnly")
    cookies = [{key: c[key] for key in keep} for c in night.state["cookies"]]
    yield Tab(own.new_browser_cdp_session(), cookies, night.console + "/warning/")
    own.close()


def test_a_sleeping_tab_is_kept_awake_and_rings(night: Night, tab: Tab) -> None:
    tab.hide()
    asleep = tab.ticks(4.0)
    tab.ask("document.querySelector('#sound').click()", gesture=True)
    tab.until("document.querySelector('#sound').getAttribute('aria-pressed') === 'true'")
    time.sleep(3.0)
    awake = tab.ticks(4.0)
    print(f"a hidden tab's 100 ms timer in 4 s: {asleep} times, with sound on {awake}")
    assert awake > asleep * 3
    tab.until("(window.loudest = 0, listen()) < 0.05")
    assert tab.ask("document.visibilityState") == "hidden"
    phone, code = night.box.ringing()[0]
    night.box.say(phone, f"{code} 2")
    tab.until("document.title.startsWith('▲')")
    tab.until("listen() > 0.2")


def test_without_sound_the_title_still_says_it(night: Night, tab: Tab) -> None:
    """The control: nothing sounds where nobody switched it on."""
    tab.hide()
    phone, code = night.box.ringing()[0]
    night.box.say(phone, f"{code} 2")
    tab.until("document.title.startsWith('▲')")
    assert tab.ask("listen()") == 0
