"""Trains the network on rendered lines and writes it as ONNX. One thread, fixed seeds.

    train.py OUT.onnx [STEPS]
"""

import copy
import sys
import time

import numpy as np
import torch

from net import NOTHING, export, network
from render import Renderer, evened, labels

torch.set_num_threads(1)
torch.manual_seed(18)

BATCH = 16
RATE = 3e-3
KEEP = 0.995        # of the running mean of the weights, which is what is written
SEED = 1            # of the lines it learns from
HELD_BACK = 1001    # of those it is measured with


def batch(renderer, count):
    pictures, classes = [], []
    for _ in range(count):
        img, text, middles = renderer.line()
        pictures.append(evened(img))
        classes.append(labels(text, middles))
    return torch.from_numpy(np.stack(pictures)[:, None]), torch.from_numpy(np.stack(classes))


def measure(net, x, y):
    """The share of characters' columns that are read wrongly, of held-back lines."""
    with torch.no_grad():
        best = net(x).squeeze(2).argmax(1)
    at = (y >= 0) & (y != NOTHING)
    return 1 - (best[at] == y[at]).float().mean().item()


def main(out, steps):
    net = network()
    mean = copy.deepcopy(net)
    renderer = Renderer(SEED)
    held = batch(Renderer(HELD_BACK), 100)
    weight = torch.ones(NOTHING + 1)
    weight[NOTHING] = 0.4
    loss_of = torch.nn.CrossEntropyLoss(weight=weight, ignore_index=-100)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.08)
    start, shown = time.time(), 0.0
    for step in range(1, steps + 1):
        x, y = batch(renderer, BATCH)
        net.train()
        loss = loss_of(net(x).squeeze(2), y)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimiser.step()
        schedule.step()
        keep = min(KEEP, 1 - 1 / (step + 1))
        with torch.no_grad():
            for into, of in zip(mean.state_dict().values(), net.state_dict().values()):
                if into.dtype.is_floating_point:
                    into.mul_(keep).add_(of, alpha=1 - keep)
        shown += loss.item()
        if step % 25 == 0:
            print(f"step {step} loss {shown / 25:.4f} after {time.time() - start:.0f} s", flush=True)
            shown = 0.0
        if step % 100 == 0 or step == steps:
            export(copy.deepcopy(mean), out)
            torch.save({"step": step, "net": net.state_dict(), "mean": mean.state_dict(),
                        "optimiser": optimiser.state_dict()}, out + ".pt")
            print(f"step {step} held back: {100 * measure(mean.eval(), *held):.2f} % of columns wrong", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3600)
