"""Renders lines of machine-readable zones, degraded as scans, phones and old films do
it, with the place of each character. Everything comes from one seed."""

import string

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from net import ALPHABET, HEIGHT, NOTHING, PITCH, STEP, WIDTH

FONTS = ["OCRB.otf", "OCRBS.otf", "OCRBF.otf"]
FOLDER = "/usr/share/fonts/opentype/ocr-b/"
FINE = 2                 # pixels of the clean drawing for each of the network's
ROOM = 16                # of the network's pixels above and below the line in the drawing
START = 32.0             # where the first character's middle is expected

cv2.setNumThreads(1)


def glyphs(font):
    """Each character as a picture of its ink, one pitch wide."""
    pitch = int(PITCH * FINE)
    size = 200
    face = ImageFont.truetype(FOLDER + font, size)
    scale = pitch / face.getlength("0")
    face = ImageFont.truetype(FOLDER + font, size * 4)
    wide, high = int(face.getlength("0")), int(size * 4)
    out = {}
    for c in ALPHABET:
        img = Image.new("L", (wide * 2, high * 2), 0)
        ImageDraw.Draw(img).text((wide // 2, high), c, 255, face, anchor="ls")
        cell = np.asarray(img)
        target = (int(cell.shape[1] * scale / 4), int(cell.shape[0] * scale / 4))
        out[c] = cv2.resize(cell, target, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return out


class Renderer:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.fonts = [glyphs(f) for f in FONTS]

    def chance(self, p):
        return self.rng.random() < p

    def between(self, low, high):
        return self.rng.uniform(low, high)

    def text(self):
        """Stretches of digits, letters, mixtures and fillers, so that no character tells
        what stands beside it."""
        length = int(self.rng.choice([30, 36, 44], p=[.25, .15, .6]))
        pools = [string.digits, string.ascii_uppercase, string.digits + string.ascii_uppercase, "<",
                 "0O8B1I5S2Z6G7T1L", "<K", ALPHABET]
        line = ""
        while len(line) < length:
            pool = pools[self.rng.choice(len(pools), p=[.25, .25, .12, .13, .1, .05, .1])]
            line += "".join(self.rng.choice(list(pool), self.rng.integers(1, 11)))
        return line[:length]

    def ink(self, line, font):
        """The ink of a line, its characters' middles, both in the drawing's pixels."""
        high, wide = (HEIGHT + 2 * ROOM) * FINE, WIDTH * FINE
        ink = np.zeros((high, wide), np.float32)
        pitch = PITCH * FINE
        middles = []
        base = high / 2 + 7.5 * FINE
        for i, c in enumerate(line):
            g = font[c]
            middle = START * FINE + i * pitch
            middles.append(middle)
            x = int(round(middle - g.shape[1] / 2 + self.rng.normal(0, 0.25)))
            y = int(round(base - g.shape[0] / 2 + self.rng.normal(0, 0.3)))
            into = ink[max(0, y):y + g.shape[0], max(0, x):x + g.shape[1]]
            part = g[max(0, -y):max(0, -y) + into.shape[0], max(0, -x):max(0, -x) + into.shape[1]]
            np.maximum(into, part, out=into)
        return ink, np.array(middles)

    def weigh(self, ink):
        """Bold, thin and broken print."""
        if self.chance(0.7):
            ink = cv2.GaussianBlur(ink, (0, 0), self.between(0.5, 1.8))
            ink = np.clip((ink - self.between(0.25, 0.7)) * self.between(2, 5) + 0.5, 0, 1)
        if self.chance(0.2):  # ink that does not cover
            speckle = cv2.resize(self.rng.random((ink.shape[0] // 2, ink.shape[1] // 2), np.float32), ink.shape[::-1])
            ink = ink * np.clip(1.6 - self.between(0.5, 1.3) * speckle, 0, 1)
        return ink

    def paper(self, high, wide):
        """Paper, plain or with the lines and waves of a security print, about 1 white."""
        y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
        paper = np.ones((high, wide), np.float32)
        if self.chance(0.6):
            for _ in range(self.rng.integers(1, 4)):
                period, angle = self.between(4, 60), self.between(0, np.pi)
                along = x * np.cos(angle) + y * np.sin(angle)
                across = y * np.cos(angle) - x * np.sin(angle)
                wave = np.sin(2 * np.pi / period * (along + self.between(0, 15) * np.sin(across / self.between(8, 80))))
                if self.chance(0.5):
                    wave = np.sign(wave - self.between(0, 0.8))
                paper -= self.between(0.01, 0.14) * (wave + 1)
        if self.chance(0.4):
            cloud = cv2.resize(self.rng.random((3, 24), np.float32), (wide, high), interpolation=cv2.INTER_CUBIC)
            paper -= self.between(0.05, 0.4) * cloud
        if self.chance(0.3):
            grain = cv2.resize(self.rng.standard_normal((high // 3, wide // 3)).astype(np.float32), (wide, high))
            paper += self.between(0.02, 0.08) * grain
        return paper

    def scene(self, ink, neighbours):
        high, wide = ink.shape
        dark, light = self.between(0.0, 0.45), self.between(0.55, 1.0)
        if light - dark < 0.22:
            dark = light - 0.22
        img = self.paper(high, wide) * light
        ink = np.maximum(ink, neighbours)
        opaque = self.between(0.75, 1)
        img = img * (1 - ink * opaque) + ink * opaque * dark
        if self.chance(0.12):  # handwriting, a scratch, a fold
            points = np.cumsum(self.rng.normal(0, 25, (12, 2)), 0) + [self.between(0, wide), high / 2]
            cv2.polylines(img, [points.astype(np.int32)], False, float(self.between(0, 1)), int(self.rng.integers(1, 4)))
        return img

    def edges(self, img, middles):
        """What lies beside the line: the card's edge, a table, a stamp."""
        gap = self.between(20, 60) * FINE
        for left in (True, False):
            if self.chance(0.35):
                at = int(middles[0] - gap) if left else int(middles[-1] + gap)
                part = img[:, :max(0, at)] if left else img[:, min(at, img.shape[1]):]
                if part.size:
                    part[:] = self.between(0, 1)
                    if self.chance(0.5):
                        part += self.rng.normal(0, 0.15, part.shape).astype(np.float32)

    def light(self, img):
        high, wide = img.shape
        if self.chance(0.35):  # uneven light
            img = img * np.linspace(self.between(0.5, 1.1), self.between(0.5, 1.1), wide, dtype=np.float32)
        if self.chance(0.15):  # glare
            y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
            spot = np.exp(-((x - self.between(0, wide)) / self.between(20, wide / 4)) ** 2
                          - ((y - self.between(0, high)) / self.between(10, high)) ** 2)
            img = img + spot * self.between(0.2, 0.9)
        return img

    def bent(self, img, middles, size, q):
        """Lays the drawing, seen a little askew, on a picture of q pixels a pitch."""
        high, wide = img.shape
        s = q / PITCH / FINE
        stretch, tall = self.between(0.95, 1.06), self.between(0.82, 1.2)
        angle = np.radians(self.rng.normal(0, 0.5))
        slant = self.rng.normal(0, 0.05)
        m = np.array([[s * stretch, -s * slant, 0], [s * stretch * np.tan(angle), s * tall, 0],
                      [self.rng.normal(0, 4e-6), self.rng.normal(0, 2e-5), 1]])
        middle = np.array([(middles[0] + middles[-1]) / 2, high / 2])
        at = m @ [*middle, 1]
        wanted = np.array([middle[0] * s * stretch + (1 - stretch) * START * q / PITCH + self.rng.normal(0, 3) * q / PITCH,
                           size[1] / 2 + self.rng.normal(0, 1.6) * q / PITCH])
        shift = np.eye(3)
        shift[:2, 2] = wanted - at[:2] / at[2]
        m = shift @ m
        if self.chance(0.85):
            img = cv2.GaussianBlur(img, (0, 0), max(0.3, self.between(0.3, 0.6) / s))
        out = cv2.warpPerspective(img, m, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        p = m @ np.stack([middles, np.full_like(middles, high / 2), np.ones_like(middles)])
        return out, p[0] / p[2] / q * PITCH

    def worn(self, img, q):
        """What camera, scanner and file do to it."""
        if self.chance(0.35):
            img = cv2.GaussianBlur(img, (0, 0), self.between(0.3, 0.11 * q))
        if self.chance(0.12):
            kernel = np.zeros((9, 9), np.float32)
            cv2.line(kernel, (4, 4), (int(4 + self.between(-0.2, 0.2) * q), int(4 + self.between(-0.15, 0.15) * q)), 1)
            img = cv2.filter2D(img, -1, kernel / kernel.sum())
        if self.chance(0.5):
            img = img + self.rng.standard_normal(img.shape).astype(np.float32) * self.between(0.005, 0.09)
        if self.chance(0.25):  # sharpened
            img = img + self.between(0.3, 1.5) * (img - cv2.GaussianBlur(img, (0, 0), 1.2))
        img = np.clip(img, 0, 1)
        if self.chance(0.3):
            img = img ** self.between(0.6, 1.7)
        if self.chance(0.1):
            near = cv2.GaussianBlur(img, (0, 0), q)
            img = (img > near * self.between(0.8, 0.97)).astype(np.float32)
        img = (img * 255).astype(np.uint8)
        if self.chance(0.65):
            _, coded = cv2.imencode(".jpg", img, [cv2.IMWRITE_JPEG_QUALITY, int(self.between(20, 95))])
            img = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
        return img

    def line(self):
        """A picture for the network, its text, and each character's middle in it."""
        text = self.text()
        font = self.fonts[self.rng.choice(len(self.fonts), p=[.7, .2, .1])]
        ink, middles = self.ink(text, font)
        neighbours = np.zeros_like(ink)
        for side in (-1, 1):
            if self.chance(0.4):
                other, _ = self.ink(self.text(), font)
                neighbours = np.maximum(neighbours, np.roll(other, int(side * self.between(30, 44) * FINE), 0))
        img = self.scene(self.weigh(ink), neighbours)
        self.edges(img, middles)
        img = self.light(img)
        q = float(np.exp(self.between(np.log(7), np.log(24))))
        size = (int(round(WIDTH * q / PITCH)), int(round(HEIGHT * q / PITCH)))
        img, middles = self.bent(img, middles, size, q)
        img = self.worn(img, q)
        how = int(self.rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA] if q > PITCH
                                  else [cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        return cv2.resize(img, (WIDTH, HEIGHT), interpolation=how), text, middles


def evened(img):
    """What the network is given: mean 0, deviation 1."""
    img = img.astype(np.float32)
    return (img - img.mean()) / max(float(img.std()), 4.0)


def labels(text, middles):
    """The class of each column; -100 where two would do."""
    columns = np.arange(WIDTH // STEP) * STEP + 1.0
    off = np.abs(columns[:, None] - middles[None, :])
    nearest = off.argmin(1)
    near = off.min(1)
    out = np.array([ALPHABET.index(text[i]) for i in nearest])
    out[near > 0.27 * PITCH] = -100
    out[near > 0.38 * PITCH] = NOTHING
    return out


if __name__ == "__main__":  # a sheet to look at
    import sys
    r = Renderer(int(sys.argv[1]))
    rows = []
    for _ in range(24):
        img, text, middles = r.line()
        for m in middles:
            img[-1, int(np.clip(m, 0, WIDTH - 1))] = 255 - img[-1, int(np.clip(m, 0, WIDTH - 1))]
        rows.append(img)
        print(text)
    cv2.imwrite(sys.argv[2], np.vstack(rows))
