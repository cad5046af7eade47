"""Speed only: prefetch, a machine instruction without a Python word, which starts a read of memory ahead of its use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def prefetched(function: Callable[..., None]) -> None:
    """Tell numba that a call of this function, with an array and an index, is that instruction."""
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic, overload

    def prefetch(typing: Any, values: Any, row: Any) -> tuple[Any, Any]:  # noqa: ARG001 - numba's signature
        return types.none(values, row), _written

    def _written(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, given[0])
        address = builder.bitcast(builder.gep(array.data, [given[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        made: Any = cgutils
        instruction = made.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(instruction, [address, number(0), number(3), number(1)])  # to read, to be kept, data
        return context.get_dummy_value()

    instruct: Any = intrinsic(prefetch)
    options: Any = {"_nrt": False}

    @overload(function, jit_options=options)
    def compiled(values: Any, row: Any) -> Callable[..., None]:  # noqa: ARG001 - numba's signature
        def told(values: Any, row: Any) -> None:
            instruct(values, row)

        return told
