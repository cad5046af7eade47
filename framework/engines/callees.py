"""Speed only: libraries of called functions, linked into the function that Python calls and compiled there once.

numba makes every function that another one calls ready for Python: it links in all that the function calls, optimises
the whole and emits machine code that nobody ever calls, at each of a dozen levels of calls anew. That was two thirds of
the time of compiling the kernel. Here a called function stays the code that its own text came to, and the entry gathers
all of them. Built on numba's hook for compilers of one's own (``pipeline_class``); what is computed is the same.
"""

from __future__ import annotations

from typing import Any

from framework.errors import ConfigError

try:
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import CompilerBase, DefaultPassBuilder
    from numba.core.compiler_machinery import LoweringPass, register_pass
    from numba.core.typed_passes import NativeLowering
except ImportError as error:
    raise ConfigError("the compiled engine needs numba: pip install 'tulya[research]'") from error


class CalleeLibrary(JITCodeLibrary):
    """Code of a function that only other compiled functions call: never optimised as a whole, nor emitted."""

    def finalize(self) -> None:
        """Close it as it is; the entry links in what it calls."""
        self._raise_if_finalized()
        self._finalized = True


class EntryLibrary(JITCodeLibrary):
    """Code of a function that Python calls, with everything that it calls, at any depth."""

    def finalize(self) -> None:
        """Link all of it, optimise it and emit machine code."""
        found: dict[Any, None] = {}
        waiting = list(self._linking_libraries)
        while waiting:
            library = waiting.pop()
            if library not in found:
                found[library] = None
                if isinstance(library, CalleeLibrary):  # any other holds what it calls
                    waiting += library._linking_libraries  # noqa: SLF001 - numba's list of what it calls
        self._linking_libraries = list(found)
        super().finalize()


@register_pass(mutates_CFG=False, analysis_only=False)
class NameWithoutCode(LoweringPass):
    """A name for the callee, by which its callers find it: numba takes the address of its machine code."""

    _name = "name_without_code"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Put it where the address would be: numba wants some builtin, and each has to be another."""
        lowered = state["cr"]
        name: Any = [].append
        state.targetctx.insert_user_function(name, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=name)
        return True


class CalleeCompiler(CompilerBase):
    """numba's own pipeline, without its last step, into a ``CalleeLibrary``."""

    def define_pipelines(self) -> list[Any]:
        """The usual passes of compiled code."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        self.state.library = CalleeLibrary(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.flags.no_compile = True
        passes.add_pass_after(NameWithoutCode, NativeLowering)
        passes.finalize()
        return [passes]


class EntryCompiler(CompilerBase):
    """numba's own pipeline into an ``EntryLibrary``."""

    def define_pipelines(self) -> list[Any]:
        """The usual passes of compiled code."""
        self.state.library = EntryLibrary(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]
