"""Draws docs/learning.svg from bench/learning.json: what nano learned, and what each planted source bought."""

import json
import re
from pathlib import Path
from typing import Any

from smoltalk.reporting.charts import COLOURS, drawn

ROOT = Path(__file__).resolve().parent.parent
CURVES = ROOT / "bench" / "learning.json"
PICTURE = ROOT / "docs" / "learning.svg"
STYLE = ROOT / "smoltalk" / "reporting" / "page.css"
SIZE = {"width": 270, "height": 170}
"""Of a panel, in pixels."""
SAYS = "Loss over the steps of SFT, reward margins over those of DPO, and what two planted sources bought."

Points = list[list[float]]


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(picture(json.loads(CURVES.read_text(encoding="utf-8"))), encoding="utf-8")
    print(f"wrote {PICTURE.relative_to(ROOT)}")


def picture(kept: dict[str, Any]) -> str:
    """Four panels as an SVG that stands alone, light or dark as whoever looks at it."""
    sft, dpo = kept["sft"], kept["dpo"]
    name = f"DPO of nano on {dpo['rows']:,} pairs"
    panels = [
        panel(f"SFT from random weights on {sft['rows']:,} rows: loss", sft["loss"], sft["eval_loss"]),
        bought(kept["ablation"]),
        panel(f"{name}: share in the right order", dpo["rewards/accuracies"], dpo["eval_rewards/accuracies"], 0.5),
        panel(f"{name}: margin", dpo["rewards/margins"], dpo["eval_rewards/margins"], 0.0),
    ]
    spec = {"vconcat": [{"hconcat": panels[:2], "spacing": 34}, {"hconcat": panels[2:], "spacing": 34}], "spacing": 26}
    return standing_alone(str(drawn(spec, SAYS, None, None)))


def panel(title: str, training: Points, held_out: Points, level: float | None = None) -> dict[str, Any]:
    """Two lines over the steps; `level` is where chance, or the model that training began from, stands."""
    x = {"field": "step", "type": "quantitative", "title": "steps", "axis": {"grid": False, "tickCount": 5}}
    y = {"field": "value", "type": "quantitative", "title": None, "scale": {"zero": False},
         "axis": {"tickCount": 5, "domain": False, "ticks": False}}  # fmt: skip
    layers: list[dict[str, Any]] = []
    if level is not None:
        mark = {"type": "rule", "color": COLOURS["soft"], "strokeDash": [3, 3]}
        layers.append({"data": {"values": [{}]}, "mark": mark, "encoding": {"y": {"datum": level}}})
    for points, colour, word, wide in ((training, "accepted", "training", 1.3), (held_out, "rejected", "held out", 2)):
        values = [{"step": step, "value": value} for step, value in points]
        dots = {"size": 26, "color": COLOURS[colour], "filled": True} if word == "held out" else False
        line = {"type": "line", "color": COLOURS[colour], "strokeWidth": wide, "point": dots}
        layers.append({"data": {"values": values}, "mark": line, "encoding": {"x": x, "y": y}})
    return {"title": _title(title), **SIZE, "layer": layers}


def bought(found: dict[str, Any]) -> dict[str, Any]:
    """What each planted source bought: a dot with its interval, and a small one for every seed."""
    some = sorted(found["bought"], key=lambda one: -one["bought"]["value"])
    order = [one["left_out"] for one in some]
    y = {"field": "source", "type": "nominal", "title": None, "sort": order, "axis": {"ticks": False, "domain": False}}
    x = {"type": "quantitative", "title": "nats of held-out loss less, with it", "axis": {"tickCount": 5}}
    values = [{"source": one["left_out"], **one["bought"]} for one in some]
    seeds = [{"source": one["left_out"], "value": seed} for one in some for seed in one["by_seed"]]
    zero = {"type": "rule", "color": COLOURS["ink"], "strokeDash": [3, 2]}
    strong, pale = COLOURS["accepted"], COLOURS["soft"]
    layers: list[dict[str, Any]] = [
        {"data": {"values": [{}]}, "mark": zero, "encoding": {"x": {"datum": 0}}},
        {"data": {"values": values}, "mark": {"type": "rule", "strokeWidth": 3, "color": strong},
         "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}}},
        {"data": {"values": values}, "mark": {"type": "circle", "size": 80, "opacity": 1, "color": strong},
         "encoding": {"y": y, "x": {**x, "field": "value"}}},
        {"data": {"values": seeds}, "mark": {"type": "tick", "thickness": 1.5, "size": 12, "yOffset": 20,
         "color": pale}, "encoding": {"y": y, "x": {**x, "field": "value"}}},
    ]  # fmt: skip
    return {"title": _title(f"What a planted source bought, {len(found['seeds'])} seeds"), **SIZE, "layer": layers}


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "anchor": "start", "fontSize": 12, "fontWeight": "normal", "color": COLOURS["ink"]}


def standing_alone(svg: str) -> str:
    """With the colours of the report's pages, a ground and a size of its own."""
    both = re.findall(r"(--\w+): light-dark\((#\w+), (#\w+)\)", STYLE.read_text(encoding="utf-8"))
    light, dark = ("".join(f"{name}:{one[place]};" for name, *one in both) for place in (0, 1))
    style = (
        f"<style>:root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}"
        "text{font-family:system-ui,sans-serif}</style>"
    )
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0]
    ground = '<rect width="100%" height="100%" fill="var(--paper)"/>'
    return re.sub(r"<svg([^>]*)>", rf'<svg\1 width="{width}" height="{height}">{style}{ground}', svg, count=1) + "\n"


if __name__ == "__main__":
    main()
