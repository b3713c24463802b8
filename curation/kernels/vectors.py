"""Instructions that numba has no name for: sums of rows sixteen columns at a time, and the number of bits set."""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as untyped_intrinsic

from curation.kernels import inlined

WIDTH = 16

intrinsic: Any = untyped_intrinsic


@intrinsic
def _add_block(context, matrix, wanted, count, total, column):
    """total[column : column + WIDTH] += matrix[wanted[k], ...] for the first `count` of `wanted`, one after the other."""
    found = types.void(matrix, wanted, types.intp, total, types.intp)

    def generate(context, builder, signature, arguments):
        vector = ir.VectorType(ir.FloatType(), WIDTH)
        kinds = signature.args
        rows, places, sums = (
            context.make_array(kind)(context, builder, value)
            for kind, value in ((kinds[0], arguments[0]), (kinds[1], arguments[1]), (kinds[3], arguments[3]))
        )
        size, first = arguments[2], arguments[4]
        columns = cgutils.unpack_tuple(builder, rows.shape)[1]
        into = builder.bitcast(builder.gep(sums.data, [first]), vector.as_pointer())
        sum_so_far = cgutils.alloca_once(builder, vector)
        builder.store(builder.load(into, align=4), sum_so_far)
        with cgutils.for_range(builder, size) as loop:
            place = builder.sext(builder.load(builder.gep(places.data, [loop.index])), size.type)
            begin = builder.add(builder.mul(place, columns), first)
            row = builder.load(builder.bitcast(builder.gep(rows.data, [begin]), vector.as_pointer()), align=4)
            builder.store(builder.fadd(builder.load(sum_so_far), row), sum_so_far)
        builder.store(builder.load(sum_so_far), into, align=4)
        return context.get_dummy_value()

    return found, generate


@intrinsic
def bits_set(context, word):
    """How many bits of an unsigned integer are set."""
    return word(word), lambda context, builder, signature, arguments: builder.ctpop(arguments[0])


@inlined
def add_rows(matrix, wanted, count, total):
    """total += matrix[wanted[k]] for the first `count` of `wanted`, in that order (float32, C-contiguous)."""
    blocks = total.shape[0] // WIDTH
    for block in range(blocks):
        _add_block(matrix, wanted, count, total, block * WIDTH)
    for k in range(count):
        row = wanted[k]
        for column in range(blocks * WIDTH, total.shape[0]):
            total[column] += matrix[row, column]


@inlined
def add_row(matrix, row, total):
    """total += matrix[row]."""
    blocks = total.shape[0] // WIDTH
    for block in range(blocks):
        _add_one(matrix, row, total, block * WIDTH)
    for column in range(blocks * WIDTH, total.shape[0]):
        total[column] += matrix[row, column]


@intrinsic
def _add_one(context, matrix, row, total, column):
    found = types.void(matrix, types.intp, total, types.intp)

    def generate(context, builder, signature, arguments):
        vector = ir.VectorType(ir.FloatType(), WIDTH)
        rows = context.make_array(signature.args[0])(context, builder, arguments[0])
        sums = context.make_array(signature.args[2])(context, builder, arguments[2])
        columns = cgutils.unpack_tuple(builder, rows.shape)[1]
        begin = builder.add(builder.mul(arguments[1], columns), arguments[3])
        into = builder.bitcast(builder.gep(sums.data, [arguments[3]]), vector.as_pointer())
        added = builder.load(builder.bitcast(builder.gep(rows.data, [begin]), vector.as_pointer()), align=4)
        builder.store(builder.fadd(builder.load(into, align=4), added), into, align=4)
        return context.get_dummy_value()

    return found, generate
