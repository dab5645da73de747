"""Rows that want to run, to phone home, or to be shown as what they are not."""

from tests.review.browser.reviewing import PLANTED

_RUN = "window.hacked=1;parent.hacked=1;top.hacked=1"
_AWAY = f"http://{PLANTED}.example"

TEXTS = {
    "script": f"<script>{_RUN}</script><script src={_AWAY}/s.js></script>",
    "image": f'<img src=/{PLANTED} onerror="{_RUN}"><img src="{_AWAY}/i.png"><svg onload="{_RUN}">',
    "breakout": f'</script></style></textarea></iframe>--><script>{_RUN}</script>"\'`><iframe srcdoc="<script>{_RUN}">',
    "template": "{{ constructor.constructor('top.hacked=1')() }} {{{ y }}} {{#each x}} <%= 1 %> {% raw %}",
    "dollars": "$& $$ $' $` $1 ${top.hacked=1}",
    "markdown": f"![pic]({_AWAY}/m.png) [link](javascript:{_RUN}) <{_AWAY}> `code` **bold** <a href='{_AWAY}'>x</a>",
    "control": "bell\x07 escape\x1b[31m tab\tvertical\x0b delete\x7f two  blanks\n\n    indented",
    "direction": "\u202etxt.exe\u202c \u0645\u0631\u062d\u0628\u0627 \u200f\u2067 \ufeff zero\u200bwidth",
    "escaped": "&lt;b&gt; &amp;amp; &#60; &nbsp; &#x3c;img&#x3e;",
    "thinking": '<think>\nI see.\n</think>\n<tool_call>{"name": "x"}</tool_call>',
    "long": "<b>&$" * 5000 + " the end",
}
"""By what they try; the last one is longer than a message may be."""
