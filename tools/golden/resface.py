"""ResFace (the SphereFace backbone) and the cosine heads in PyTorch, with the project's parameter names.

Two variants, which no weight file can be exchanged between:
  article  conv -> batch norm -> PReLU, TensorFlow SAME padding, batch norm after the FC (eps 0.001, decay 0.995);
  caffe    conv (+ bias in the stage convolutions and the FC) -> PReLU, padding 1 on all sides, no batch norm.
Input is (N, 3, H, W), already (pixel - 127.5) / 128. Parameters are in PyTorch order: OIHW, FC over flattened C, H, W.
"""

import torch
import torch.nn.functional as F
from torch import nn

BLOCKS = {4: (0, 0, 0, 0), 10: (0, 1, 2, 0), 20: (1, 2, 4, 1), 36: (2, 4, 8, 2), 64: (3, 8, 16, 3)}
VARIANTS = ("article", "caffe")
HEADS = ("softmax", "modified-softmax", "normface", "am-softmax")
BN_EPS = 0.001
BN_MOMENTUM = 0.005  # TensorFlow decay 0.995; the stored running variance is the unbiased one


class StageConv(nn.Conv2d):
    """3x3 convolution of stride 2. SAME pads 0 before and 1 after an even size, 1 and 1 around an odd one."""

    def __init__(self, in_channels, out_channels, same, bias):
        super().__init__(in_channels, out_channels, 3, stride=2, padding=0 if same else 1, bias=bias)
        self.same = same

    def forward(self, x):
        if self.same:
            height, width = x.shape[2:]
            x = F.pad(x, (width % 2, 1, height % 2, 1))
        return super().forward(x)


class Block(nn.Module):
    """Two 3x3 convolutions, each with its activation, then the identity; nothing after the sum."""

    def __init__(self, channels, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = norm(channels)
        self.prelu1 = nn.PReLU(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = norm(channels)
        self.prelu2 = nn.PReLU(channels)

    def forward(self, x):
        y = self.prelu1(self.bn1(self.conv1(x)))
        return x + self.prelu2(self.bn2(self.conv2(y)))


class Stage(nn.Module):
    """A stage convolution with its activation, then the residual blocks block1, block2, ..."""

    def __init__(self, in_channels, channels, blocks, article, norm):
        super().__init__()
        self.conv = StageConv(in_channels, channels, same=article, bias=not article)
        self.bn = norm(channels)
        self.prelu = nn.PReLU(channels)
        self.names = [f"block{j}" for j in range(1, blocks + 1)]
        for name in self.names:
            self.add_module(name, Block(channels, norm))

    def forward(self, x):
        x = self.prelu(self.bn(self.conv(x)))
        for name in self.names:
            x = getattr(self, name)(x)
        return x


class ResFace(nn.Module):
    """(N, 3, H, W) -> embedding (N, d), not normalised."""

    def __init__(self, blocks, widths, crop, embedding_size, variant, keep=1.0):
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant is {variant!r}; expected one of {', '.join(VARIANTS)}")
        article = variant == "article"
        norm = (lambda c: nn.BatchNorm2d(c, BN_EPS, BN_MOMENTUM)) if article else (lambda c: nn.Identity())
        height, width = crop
        channels = 3
        for i, (out_channels, count) in enumerate(zip(widths, blocks), start=1):
            self.add_module(f"stage{i}", Stage(channels, out_channels, count, article, norm))
            channels, height, width = out_channels, (height + 1) // 2, (width + 1) // 2
        self.dropout = nn.Dropout(1.0 - keep)
        self.fc = nn.Linear(channels * height * width, embedding_size, bias=not article)
        self.fc_bn = nn.BatchNorm1d(embedding_size, BN_EPS, BN_MOMENTUM) if article else nn.Identity()

    def forward(self, x):
        for i in range(1, 5):
            x = getattr(self, f"stage{i}")(x)
        return self.fc_bn(self.fc(self.dropout(x.flatten(1))))


class Head(nn.Module):
    """Class matrix (classes, d) and the loss, averaged over the batch. L2 normalisation divides by max(|x|, 1e-12)."""

    def __init__(self, kind, classes, embedding_size, scale, margin):
        super().__init__()
        if kind not in HEADS:
            raise ValueError(f"head is {kind!r}; expected one of {', '.join(HEADS)}")
        self.kind, self.scale, self.margin = kind, scale, margin
        self.weight = nn.Parameter(torch.empty(classes, embedding_size))
        if kind == "softmax":
            self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, x, labels):
        if self.kind == "softmax":
            return F.cross_entropy(F.linear(x, self.weight, self.bias), labels)
        if self.kind == "modified-softmax":
            return F.cross_entropy(F.linear(x, F.normalize(self.weight, eps=1e-12)), labels)
        cosines = F.linear(F.normalize(x, eps=1e-12), F.normalize(self.weight, eps=1e-12))
        if self.kind == "am-softmax":
            cosines = cosines.clamp(-1, 1) - self.margin * F.one_hot(labels, cosines.shape[1])
        return F.cross_entropy(self.scale * cosines, labels)


class Recogniser(ResFace):
    """Network and head under one naming: stage*, fc, fc_bn and head.*."""

    def __init__(self, head, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.head = head

    def forward(self, x, labels):
        embedding = super().forward(x)
        return embedding, self.head(embedding, labels)

    def embed(self, x):
        return super().forward(x)
