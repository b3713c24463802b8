"""URLs, e-mail addresses and IPv4 addresses among the chunks of a text, as spaCy's URL pattern finds them."""

from curation.kernels import kernel
from curation.kernels.english import HOST, LOWER, WORD, class_of, is_digit


@kernel
def _address(codes, first, last):
    """Whether codes[first:last] is a public IPv4 address as spaCy's URL pattern reads one."""
    part, digits, value = 0, 0, 0
    one, two = 0, 0
    for at in range(first, last + 1):
        if at < last and is_digit(codes[at]):
            digits += 1
            value = 10 * value + int(codes[at]) - 48
            if digits > 3:
                return False
            continue
        if digits == 0 or (at < last and codes[at] != 46) or value > 255:
            return False
        if part == 0:
            one = value
        elif part == 1:
            two = value
        elif part == 3 and not 1 <= value <= 254:
            return False
        part += 1
        digits, value = 0, 0
    if part != 4 or not 1 <= one <= 223 or one == 10 or one == 127:
        return False
    return not ((one == 169 and two == 254) or (one == 192 and two == 168) or (one == 172 and 16 <= two <= 31))


@kernel
def _host(codes, first, last, classes):
    """Whether codes[first:last] is a host with an optional port and path."""
    end = first
    while end < last:
        code = codes[end]
        if code == 58 or code == 47 or code == 63 or code == 35:
            break
        if code == 64:  # no host holds one: and a chunk of many stays linear
            return False
        end += 1
    rest = end
    if rest < last and codes[rest] == 58:
        at = rest + 1
        while at < last and is_digit(codes[at]):
            at += 1
        if not 2 <= at - rest - 1 <= 5:
            return False
        rest = at
    if rest < last and codes[rest] != 47 and codes[rest] != 63 and codes[rest] != 35:
        return False
    if _address(codes, first, end):
        return True
    labels = 0
    begin = first
    for at in range(first, end + 1):
        if at < end and codes[at] != 46:
            continue
        size = at - begin
        if at == end:
            if labels == 0 or not 2 <= size <= 63:
                return False
            for k in range(begin, end):
                if not class_of(classes, codes[k]) & LOWER:
                    return False
            return True
        if not 1 <= size <= 64 or not class_of(classes, codes[begin]) & HOST or not class_of(classes, codes[at - 1]) & HOST:
            return False
        for k in range(begin, at):
            if not (class_of(classes, codes[k]) & HOST or codes[k] == 95 or codes[k] == 45):
                return False
        labels += 1
        begin = at + 1
    return False


@kernel
def is_url(codes, first, last, classes):
    """Whether codes[first:last] is a URL or an e-mail address: optional scheme, optional user, host, port, path."""
    if _host(codes, first, last, classes):
        return True
    scheme = first
    while scheme < last and (class_of(classes, codes[scheme]) & WORD or codes[scheme] in (43, 45, 46)):
        scheme += 1
    start = first
    if scheme - first >= 2 and scheme + 2 < last and codes[scheme] == 58 and codes[scheme + 1] == 47 and codes[scheme + 2] == 47:
        start = scheme + 3
        if _host(codes, start, last, classes):
            return True
    for at in range(first + 1, last):
        if codes[at] == 64 and at > first and _host(codes, at + 1, last, classes):
            return True
    return False
