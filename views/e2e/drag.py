"""Files to drag: a small window whose only use is to be picked up.

    drag.py X Y FILE...

shows a square at X,Y of the screen. Whoever drags it somewhere drops the FILEs
there, as a file manager would. Says "ready" when it can be picked up, "given" when
they were asked for, and ends with the drag: 0 if it was taken, 1 if not.
"""
import sys
import pathlib

x, y = int(sys.argv[1]), int(sys.argv[2])
uris = [pathlib.Path(name).resolve().as_uri() for name in sys.argv[3:]]
del sys.argv[1:]  # GTK reads it too, and stumbles over names that are no UTF-8

import gi  # noqa: E402

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

SIZE = 60  # pixels; the test picks it up in the middle

taken = True

# A popup is left alone by the window manager: it stays on top, at its place, and
# takes no focus from the window under test.
window = Gtk.Window(type=Gtk.WindowType.POPUP)
window.set_default_size(SIZE, SIZE)
window.move(x, y)

handle = Gtk.EventBox()
handle.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
handle.drag_source_add_uri_targets()


def give(_widget, _context, data, _info, _time):
    data.set_uris(uris)
    print("given", flush=True)


def failed(_widget, _context, _result):
    global taken
    taken = False
    return True  # no animation back to the start


handle.connect("drag-data-get", give)
handle.connect("drag-failed", failed)
handle.connect("drag-end", lambda *_: Gtk.main_quit())
window.connect("map-event", lambda *_: print("ready", flush=True))
window.add(handle)
window.show_all()
Gtk.main()
sys.exit(0 if taken else 1)
