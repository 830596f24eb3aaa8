"""The small pictures of the buttons, drawn as SVG in the text's colour; decoration only, labels say what they mean."""

_PATHS = {
    "copy": '<rect x="8" y="8" width="12" height="12" rx="2.5"/><path d="M16 8V6.5A2.5 2.5 0 0 0 13.5 4h-7A2.5 '
    '2.5 0 0 0 4 6.5v7A2.5 2.5 0 0 0 6.5 16H8"/>',
    "retry": '<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4"/><path d="M19.8 3.5v4.3h-4.3"/>',
    "edit": '<path d="M4.5 19.5l1-4L16 5l3 3L8.5 18.5z"/><path d="M13.8 7.2l3 3"/>',
    "share": '<path d="M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1"/><path d="M14 10a4 4 0 0 0-5.7 '
    '0l-3 3a4 4 0 0 0 5.7 5.7l1-1"/>',
    "good": '<path d="M8 11v8.5H4.5V11z"/><path d="M8 11l3.8-7.5c1.4 0 2.4 1.1 2.2 2.5L13.5 9.5h5a2 2 0 0 1 '
    '2 2.3l-1 6a2 2 0 0 1-2 1.7H8"/>',
    "bad": '<path d="M16 13V4.5h3.5V13z"/><path d="M16 13l-3.8 7.5c-1.4 0-2.4-1.1-2.2-2.5l.5-3.5h-5a2 2 0 0 '
    '1-2-2.3l1-6a2 2 0 0 1 2-1.7H16"/>',
}


def icon(name: str) -> str:
    """Return a picture as inline SVG, hidden from screen readers."""
    return (
        '<svg aria-hidden="true" focusable="false" width="18" height="18" viewBox="0 0 24 24" fill="none"'
        f' stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">{_PATHS[name]}</svg>'
    )
