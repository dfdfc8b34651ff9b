"""A part of a page that is written once for all who see the same."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from anlan.ground.kept import Kept

register = template.Library()

PARTS_MAX = 48
_parts: Kept[str] = Kept(PARTS_MAX)


class KeptNode(template.Node):
    """Renders its inside once a key and language; an empty key keeps nothing."""

    def __init__(self, inside: NodeList, name: str, key: list[FilterExpression]):
        self.nodelist = inside
        self.name = name
        self.key = key

    def render(self, context: template.Context) -> SafeString:
        said = [one.resolve(context) for one in self.key]
        if not said[0]:
            return self.nodelist.render(context)
        key = (self.name, get_language(), *map(str, said))
        # What is kept was escaped by the very template that is written out here.
        return mark_safe(_parts.get(key, lambda: str(self.nodelist.render(context))))  # noqa: S308


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """{% kept "name" stamp … %} … {% endkept %}: everything that the inside depends on is named.

    stamp: of `ground/kept.py`; empty: the inside is made each time. The language is always part
    of the key; a form's token, a right or an age may not stand inside.
    """
    bits: list[Any] = token.split_contents()[1:]
    if len(bits) < 2:
        raise template.TemplateSyntaxError("kept needs a name and a stamp")
    inside = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(inside, bits[0].strip('"'), [parser.compile_filter(bit) for bit in bits[1:]])
