"""One request for each way to break each constraint of a service's model, out of botocore's copy of it."""

import re

UUID = "01234567-89ab-cdef-0123-456789abcdef"
ACCOUNT = "000000000000"
# One of these matches each pattern of the model: a new one that none matches is an error here.
SAMPLES = [
    "a",
    UUID,
    ACCOUNT,
    "AWS",
    f"arn:aws:iam::{ACCOUNT}:role/a",
    f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:a",
    f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:a",
]
VALIDATION = "ValidationException"
SERIALIZATION = "SerializationException"


def valid(shape):
    """The least that a shape allows."""
    rules = shape.metadata
    if shape.type_name == "structure":
        return {name: valid(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [valid(shape.member)] * rules.get("min", 0)
    if shape.type_name == "map":
        return {valid(shape.key): valid(shape.value)} if rules.get("min", 0) else {}
    if shape.type_name == "string":
        return text(shape, max(rules.get("min", 1), 1))
    return {"integer": rules.get("min", 0), "boolean": False, "timestamp": 0}[shape.type_name]


def text(shape, length):
    """A string of at least this length that keeps to everything but perhaps the length."""
    if shape.enum:
        return shape.enum[0]
    pattern = shape.metadata.get("pattern", ".*")
    for sample in SAMPLES:
        found = sample.ljust(length, "a")
        if re.fullmatch(pattern, found) or re.fullmatch(pattern, found := sample):
            return found
    raise SystemExit(f"no sample matches {shape.name}: {pattern}")


def broken(shape):
    """(where, which constraint, the words that tell it, code, value) for each value with one fault."""
    rules = shape.metadata
    sized = shape.type_name in ("string", "list", "map")
    least, most = rules.get("min"), rules.get("max")
    noun = "length" if sized else "value"
    below = f"{noun} greater than or equal to {least}"
    above = f"{noun} less than or equal to {most}"
    if shape.type_name == "structure":
        whole = valid(shape)
        for name in shape.required_members:
            yield name, "required", "must not be null", VALIDATION, {k: v for k, v in whole.items() if k != name}
        for name, member in shape.members.items():
            for where, *fault, value in broken(member):
                yield f"{name}.{where}".rstrip("."), *fault, {**whole, name: value}
    elif shape.type_name == "list":
        padding = [valid(shape.member)] * (max(least or 0, 1) - 1)
        for where, *fault, value in broken(shape.member):
            yield f"1.member.{where}".rstrip("."), *fault, [value, *padding]
        if least:
            yield "", "min", below, VALIDATION, [valid(shape.member)] * (least - 1)
        if most is not None:
            yield "", "max", above, VALIDATION, [valid(shape.member)] * (most + 1)
    elif shape.type_name == "map":
        key, value = valid(shape.key), valid(shape.value)
        is_flat = shape.value.type_name == "string"
        for _, what, words, code, bad in broken(shape.key):
            if code == VALIDATION:
                yield "", f"{what} of a key", words, code, {bad: value}
        for where, *fault, bad in broken(shape.value):
            yield "" if is_flat else f"{key}.member.{where}".rstrip("."), *fault, {key: bad}
        if most is not None:
            many = {text(shape.key, 2 + len(str(at)))[:1] + str(at).rjust(4, "a"): value for at in range(most + 1)}
            yield "", "max", above, VALIDATION, many
    elif shape.type_name == "string":
        yield "", "type", "can not be converted to a String", SERIALIZATION, 1
        if shape.enum:
            yield "", "enum", "enum value set", VALIDATION, "Nothing like it"
        if least:
            yield "", "min", below, VALIDATION, text(shape, least)[: least - 1]
        if most is not None:
            yield "", "max", above, VALIDATION, text(shape, most + 1)
        if pattern := rules.get("pattern"):
            # A line end at the very end: "$" of some languages would let it through.
            bad = text(shape, max(least or 1, 1)) + "\n"
            assert not re.fullmatch(pattern, bad) and len(bad) <= (most or len(bad)), shape
            yield "", "pattern", pattern, VALIDATION, bad
    elif shape.type_name == "integer":
        yield "", "type", "can not be converted to an Integer", SERIALIZATION, "one"
        if least is not None:
            yield "", "min", below, VALIDATION, least - 1
        if most is not None:
            yield "", "max", above, VALIDATION, most + 1
    elif shape.type_name == "boolean":
        yield "", "type", "can not be converted to a Boolean", SERIALIZATION, "neither"


def requests(model):
    """(operation, where, which constraint, words, code, request) for the whole service."""
    for name in model.operation_names:
        for where, what, words, code, request in broken(model.operation_model(name).input_shape):
            yield name, where, what, words, code, request


def constraints(model):
    """(operation, which constraint) for all that the model has, counted apart from what breaks them."""
    return {
        (name, what)
        for name in model.operation_names
        for what in kinds(model.operation_model(name).input_shape)
    }


def kinds(shape):
    rules, type_name = shape.metadata, shape.type_name
    found = {"type"} if type_name in ("string", "integer", "boolean") else set()
    if type_name == "structure":
        found |= {"required"} if shape.required_members else set()
        found = found.union(*map(kinds, shape.members.values()))
    elif type_name == "list":
        found |= kinds(shape.member)
    elif type_name == "map":
        found |= {f"{what} of a key" for what in kinds(shape.key) - {"type"}} | kinds(shape.value)
    # A least length of 0 binds nobody.
    found |= {"min"} if rules.get("min", 0) or (type_name == "integer" and "min" in rules) else set()
    return found | ({"max", "pattern", "enum"} & set(rules))
