#!/usr/bin/env python3
"""A page of `tradewind report --format html`, as a phone and a desk show it, light and dark.

    page.py REPORT.html [--out DIR] [--chromium PROGRAM] [--slice 2400] [--measure]

Each of four looks (390 and 1,280 wide, light and dark) is measured and then put into pictures of its whole length, DIR/light-390-01.png
and so on, to be looked at. It fails where the page is wider than the window, where words of a drawing are cut off or lie
on each other, or where the page asks for anything beyond itself. `--measure` leaves the pictures out. Without a Chromium it says so,
and ends with 0.
"""

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
WIDTHS = [390, 1280]
# A window is never narrower than this; a narrower page lies in a frame.
NARROWEST = 500

# Runs in a copy of the page, whose policy forbids scripts, and tells the frame around it what it found.
MEASURE = """
const faults = [];
const say = (text) => text.textContent.trim().slice(0, 40);
const wide = document.documentElement.scrollWidth;
if (wide > innerWidth) {
  const out = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest('.box') && !e.closest('svg'));
  faults.push(`wider than the window: ${wide} of ${innerWidth}: ${out.slice(0, 3).map((e) => e.tagName + ' ' + say(e)).join('; ')}`);
}
for (const svg of document.querySelectorAll('svg')) {
  const name = svg.querySelector('title').textContent.slice(0, 60);
  const frame = svg.closest('figure').getBoundingClientRect();
  const all = [...svg.querySelectorAll('text')].map((text) => [say(text), text.getBoundingClientRect()])
    .filter(([words]) => words);
  for (const [words, box] of all) {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
      faults.push(`cut off: "${words}" in "${name}"`);
  }
  all.forEach(([one, a], at) => all.slice(at + 1).forEach(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && down > 5) faults.push(`"${one}" and "${other}" lie on each other in "${name}"`);
  }));
}
const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
parent.postMessage(JSON.stringify({ height, scheme, width: innerWidth, faults }), '*');
"""

FRAME = """<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<style>html, body {{ margin: 0; overflow: hidden; }} iframe {{ border: 0; display: block; width: {width}px; height: {height}px;
margin-top: -{top}px; color-scheme: light dark; }}</style></head><body><pre id="found"></pre>
<script>addEventListener('message', (e) => {{ document.getElementById('found').textContent = e.data; }});</script>
<iframe src="{page}"></iframe></body></html>
"""


def browser(named):
    for name in [named] if named else NAMES:
        found = shutil.which(name)
        if found:
            return found
    return None


class Look:
    """One browser, and a folder for what it needs."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, scheme, size, page, *more):
        words = [
            self.program, "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
            "--force-device-scale-factor=1", f"--user-data-dir={self.folder}/profile", f"--window-size={size[0]},{size[1]}",
            f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}", "--virtual-time-budget=4000",
        ]
        if os.geteuid() == 0:
            words.append("--no-sandbox")
        done = subprocess.run([*words, *more, f"file://{page}"], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            sys.exit(f"{self.program} ended with {done.returncode}: {done.stderr[-400:]}")
        return done.stdout

    def frame(self, page, width, height, top):
        file = os.path.join(self.folder, "frame.html")
        with open(file, "w", encoding="utf-8") as out:
            out.write(FRAME.format(page="file://" + page, width=width, height=height, top=top))
        return file

    def measured(self, scheme, page, width):
        frame = self.frame(page, width, 1000, 0)
        dom = self.run(scheme, (max(width, NARROWEST), 1000), frame, "--dump-dom")
        found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.S)
        if not found or not found.group(1):
            sys.exit(f"the page did not tell its measures at {width}, {scheme}")
        return json.loads(html.unescape(found.group(1)))

    def pictures(self, scheme, page, width, height, each, out):
        files = []
        for top in range(0, height, each):
            file = os.path.join(out, f"{scheme}-{width}-{len(files) + 1:02}.png")
            frame = self.frame(page, width, height, top)
            self.run(scheme, (max(width, NARROWEST), min(each, height - top)), frame, f"--screenshot={file}")
            files.append(file)
        return files


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("report")
    asked.add_argument("--out", default="pages")
    asked.add_argument("--chromium")
    asked.add_argument("--slice", type=int, default=2400)
    asked.add_argument("--measure", action="store_true")
    asked = asked.parse_args()
    program = browser(asked.chromium)
    if not program:
        print("skipped: there is no Chromium here to look with; install one, or name it with --chromium")
        return 0
    report = os.path.abspath(asked.report)
    with open(report, encoding="utf-8") as file:
        text = file.read()
    faults = [f"the page asks for something: {what}" for what in ["http:", "https:", "src=", "url(", "<script"] if what in text]
    if not asked.measure:
        os.makedirs(asked.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        look = Look(program, folder)
        copy = os.path.join(folder, "page.html")
        with open(copy, "w", encoding="utf-8") as out:
            bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
            out.write(bare.replace("</body>", f"<script>{MEASURE}</script></body>"))
        for width in WIDTHS:
            for scheme in ["light", "dark"]:
                found = look.measured(scheme, copy, width)
                if (found["scheme"], found["width"]) != (scheme, width):
                    faults.append(f"asked for {scheme} at {width}, and was shown {found['scheme']} at {found['width']}")
                faults.extend(f"{scheme} {width}: {fault}" for fault in found["faults"])
                files = []
                if not asked.measure:
                    files = look.pictures(scheme, report, width, found["height"], asked.slice, asked.out)
                print(f"{scheme:5} {width:5} wide, {found['height']:6} high, {len(files)} pictures")
    for fault in faults:
        print(fault)
    print("looks right as far as it can be measured" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
