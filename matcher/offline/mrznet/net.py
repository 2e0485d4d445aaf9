"""The network that reads one line of a machine-readable zone, and how it is written
as ONNX for OpenCV 4.6."""

import onnx
import torch
from torch import nn

HEIGHT, WIDTH = 32, 768  # of the picture of one line
PITCH = 16.0             # pixels from one character to the next
STEP = 4                 # pixels of the picture for each column of the answer
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
NOTHING = len(ALPHABET)  # the class of a column that stands between characters


def layer(inputs, outputs, kernel, padding, stride=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def network():
    """Gives, for a batch of pictures, 38 numbers for each fourth column."""
    return nn.Sequential(
        *layer(1, 24, 5, 2, 2),              # 16 x 384
        *layer(24, 32, 3, 1),
        nn.MaxPool2d(2, 2),                  # 8 x 192
        *layer(32, 64, 3, 1),
        *layer(64, 64, 3, 1),
        nn.MaxPool2d((2, 1), (2, 1)),        # 4 x 192
        *layer(64, 80, 3, 1),
        *layer(80, 128, (4, 5), (0, 2)),     # 1 x 192: the height ends here
        nn.Conv2d(128, len(ALPHABET) + 1, (1, 3), 1, (0, 1)),
    )


def folded(net):
    """The same network with each batch norm folded into the convolution before it."""
    parts = []
    for part in net.eval():
        if isinstance(part, nn.BatchNorm2d):
            conv = parts.pop()
            parts.append(torch.nn.utils.fusion.fuse_conv_bn_eval(conv, part))
        else:
            parts.append(part)
    return nn.Sequential(*parts).eval()


def export(net, path):
    plain = folded(net)
    torch.onnx.export(plain, torch.zeros(1, 1, HEIGHT, WIDTH), path, opset_version=11,
                      input_names=["line"], output_names=["columns"])
    kinds = {n.op_type for n in onnx.load(path).graph.node}
    assert kinds <= {"Conv", "Relu", "MaxPool"}, kinds
    return plain


if __name__ == "__main__":  # an untrained network and torch's own answer, to compare with
    import sys
    torch.manual_seed(1)
    net = network()
    for part in net:  # equal numbers would be written once, which OpenCV 4.6 does not read
        if isinstance(part, nn.BatchNorm2d):
            for t in (part.weight, part.bias, part.running_mean, part.running_var):
                nn.init.uniform_(t, 0.5, 1.5)
    plain = export(net, sys.argv[1] + ".onnx")
    x = torch.rand(1, 1, HEIGHT, WIDTH)
    x.numpy().astype("<f4").tofile(sys.argv[1] + ".in")
    plain(x).detach().numpy().astype("<f4").tofile(sys.argv[1] + ".out")
