"""The curves of a fitted estimator as a small picture in HTML, for notebooks."""

_WIDTH, _HEIGHT, _MARGIN = 360, 140, 24
_COLORS = {"loss": "#1b6ca8", "validation_loss": "#c8553d"}
_LABELS = {"loss": "training", "validation_loss": "validation"}


def curves(estimator):
    """An SVG of the losses by epoch, on a logarithmic axis where all are above 0."""
    from math import isfinite, log10

    lines = [(name, [float(loss) for loss in curve[name]]) for curve in estimator.history_ for name in _COLORS]
    lines = [(name, losses) for name, losses in lines if len(losses) > 1 and all(map(isfinite, losses))]
    if not lines:
        return ""
    values = [loss for _, losses in lines for loss in losses]
    is_log = min(values) > 0
    scale = log10 if is_log else float
    low, high = scale(min(values)), scale(max(values))
    span = high - low or 1.0

    def path(losses):
        step = (_WIDTH - 2 * _MARGIN) / (len(losses) - 1)
        points = (
            f"{_MARGIN + step * epoch:.1f},{_MARGIN + (high - scale(loss)) / span * (_HEIGHT - 2 * _MARGIN):.1f}"
            for epoch, loss in enumerate(losses)
        )
        return " ".join(points)

    drawn = "".join(
        f'<polyline fill="none" stroke="{_COLORS[name]}" stroke-width="1.2" points="{path(losses)}"/>'
        for name, losses in lines
    )
    names = [name for name in _COLORS if any(name == drawn_name for drawn_name, _ in lines)]
    legend = "".join(
        f'<text x="{_MARGIN + 90 * place}" y="14" fill="{_COLORS[name]}">{_LABELS[name]}</text>'
        for place, name in enumerate(names)
    )
    axis = f'loss {"(log) " if is_log else ""}{min(values):.3g} … {max(values):.3g}'
    epochs = max(len(losses) for _, losses in lines) - 1
    return (
        f'<svg role="img" aria-label="loss by epoch" width="{_WIDTH}" height="{_HEIGHT}" font-size="11" '
        f'font-family="sans-serif">{drawn}{legend}'
        f'<text x="{_MARGIN}" y="{_HEIGHT - 6}" fill="currentColor">{axis}, {epochs} epochs</text></svg>'
    )
