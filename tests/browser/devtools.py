"""A small client for headless Chromium over its DevTools protocol: open a file, watch it, ask it things."""

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--hide-scrollbars",
)
PATIENCE_S = 60.0


class Page:
    """One tab. Console errors, exceptions, policy violations and requests are collected from the start."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer, collecting events on the way."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE_S))
            if message.get("id") == self._number:
                assert "error" not in message, message["error"]
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in {"error", "warning", "assert"}:
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in {"error", "warning"}:
            self.errors.append(parameters["entry"]["text"])
        elif method == "Page.loadEventFired":
            self._loaded = True

    def size(self, width: int, height: int = 900, *, dark: bool = False, phone: bool = False) -> None:
        """Window size, theme and kind of device, before ``open`` or after."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def open(self, path: Path) -> float:
        """Load a file and wait until its scripts have run; returns the seconds it took."""
        self._loaded = False
        start = time.perf_counter()
        self.call("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._note(json.loads(self._socket.recv(timeout=PATIENCE_S)))
        self.ask("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
        return time.perf_counter() - start

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression (or of what its promise resolves to)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def drag(self, x1: float, x2: float, y: float) -> None:
        """Press the mouse at x1, move to x2, release."""
        for kind, x, down in (
            ("mousePressed", x1, 1),
            ("mouseMoved", (x1 + x2) / 2, 1),
            ("mouseMoved", x2, 1),
            ("mouseReleased", x2, 0),
        ):
            button = "none" if kind == "mouseMoved" and not down else "left"
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=down, clickCount=1)
            time.sleep(0.05)
        self.ask("new Promise(done => setTimeout(done, 600))")

    def screenshot(self, path: Path, *, whole: bool = True) -> Path:
        """A PNG of the page."""
        picture = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole, **(self._whole() if whole else {})
        )
        path.write_bytes(base64.b64decode(picture["data"]))
        return path

    def _whole(self) -> dict[str, Any]:
        box = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": box["width"], "height": box["height"], "scale": 1}}


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """A fresh browser with an empty profile, and its first tab."""
    profile = tempfile.mkdtemp(prefix="tulya-chromium-")
    process = subprocess.Popen(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_first_tab(Path(profile)), max_size=None, proxy=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(profile, ignore_errors=True)


def _first_tab(profile: Path) -> str:
    """The tab's WebSocket address; Chromium writes its port into its profile."""
    port_file = profile / "DevToolsActivePort"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        lines = port_file.read_text().split() if port_file.exists() else []
        if len(lines) == 2:
            with connect(f"ws://127.0.0.1:{lines[0]}{lines[1]}", max_size=None, proxy=None) as socket:
                socket.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
                targets = json.loads(socket.recv(timeout=PATIENCE_S))["result"]["targetInfos"]
            pages = [target for target in targets if target["type"] == "page"]
            if pages:
                return f"ws://127.0.0.1:{lines[0]}/devtools/page/{pages[0]['targetId']}"
        time.sleep(0.05)
    msg = "Chromium did not start"
    raise TimeoutError(msg)
