"""Where text is typed: what is pasted or recalled acts on nothing, and keys keep their order."""

from __future__ import annotations

from textual import events
from textual.binding import Binding, BindingsMap, NoBinding
from textual.widgets import Input, TextArea
from textual.widgets.text_area import Edit, EditResult

from memchat.text import printable


class PlainInput(Input):
    """One line, made printable however it comes."""

    def validate_value(self, value: str) -> str:
        return printable(value, multiline=False)


class PlainTextArea(TextArea):
    """Many lines, made printable. Runs the actions bound to its keys itself, as they arrive.

    Textual lets a key bubble up to the app before the binding of it is looked up; letters do not
    wait for that. In a burst (a fast typist over a slow line, a script) Enter would be obeyed
    before the letters in front of it.
    """

    _rebound: BindingsMap | None = None
    """The bindings with the user's own keys, once a key is pressed."""

    def load_text(self, text: str) -> None:
        super().load_text(printable(text))

    def edit(self, edit: Edit) -> EditResult:
        edit.text = printable(edit.text)
        return super().edit(edit)

    async def _on_key(self, event: events.Key) -> None:
        binding = self._binding_of(event.key)
        if binding is None:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        await self.run_action(binding.action)

    def _binding_of(self, key: str) -> Binding | None:
        """The first binding of the key whose action is possible now."""
        if self._rebound is None:
            self._rebound = self._bindings.copy()
            self._rebound.apply_keymap(getattr(self.app, "keys", {}))
        try:
            bindings = self._rebound.get_bindings_for_key(key)
        except NoBinding:
            return None
        possible = (each for each in bindings if self.check_action(each.action, ()))
        return next(possible, None)
