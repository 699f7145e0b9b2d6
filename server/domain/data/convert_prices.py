#!/usr/bin/env python3
"""Makes the price book (prices.tsv) from LiteLLM's table of model prices.

    convert_prices.py TABLE.json --from "LiteLLM 1.109.1" --as-of 2026-11-12

Writes prices.tsv and prices-report.txt beside this file. The report names everything that was corrected or left out,
and why: read it before committing a new table. Nothing but Python's standard library is needed; money is Decimal.
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
LICENCE = "the table is LiteLLM's, MIT licence, Copyright Berri AI"
PICO = Decimal(10) ** 12

# The table's field, without its suffixes, and our meter.
METERS = {
    "input_cost_per_token": "input",
    "input_cost_per_token_cache_hit": "cache_read",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "audio_input",
    "input_cost_per_image_token": "image_input",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "output_cost_per_audio_token": "audio_output",
    "output_cost_per_image_token": "image_output",
    "input_cost_per_request": "per_request",
    "input_cost_per_image": "per_input_image",
    "output_cost_per_image": "per_output_image",
    "input_cost_per_second": "per_input_second",
    "input_cost_per_audio_per_second": "per_input_second",
    "output_cost_per_second": "per_output_second",
    "output_cost_per_video_per_second": "per_output_second",
    "input_cost_per_character": "per_input_character",
    "output_cost_per_character": "per_output_character",
    "input_cost_per_pixel": "per_input_pixel",
    "output_cost_per_pixel": "per_output_pixel",
    "input_cost_per_query": "per_input_query",
    "ocr_cost_per_page": "per_page",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "cache_read_input_image_token_cost": "cache_read_image",
    "citation_cost_per_token": "citation",
}
# A web search that the model makes: by how much it reads of what it finds, where that changes the price.
SEARCHES = {"medium": "per_web_search", "low": "per_web_search_low", "high": "per_web_search_high"}
ORDER = {meter: i for i, meter in enumerate(dict.fromkeys([*METERS.values(), *SEARCHES.values()]))}
TIERS = {"batches": "batch", "priority": "priority", "flex": "flex", "ultrafast": "ultrafast"}
TIER_ORDER = {"": 0, "batch": 1, "priority": 2, "flex": 3, "ultrafast": 4}
# A tier's price against the standard one: not above it, or not below it.
CHEAPER, DEARER = {"batch", "flex"}, {"priority", "ultrafast"}
FIELD = re.compile(r"(?P<base>.+?)(?:_above_(?P<above>\d+)k_tokens)?(?:_(?P<tier>batches|priority|flex|ultrafast))?")

INPUT_PARTS = (
    "cache_read", "cache_write", "cache_write_1h", "audio_input", "image_input", "cache_read_audio", "cache_read_image"
)
OUTPUT_PARTS = ("reasoning", "audio_output", "image_output")
TOKEN_METERS = {"input", "output", "citation", *INPUT_PARTS, *OUTPUT_PARTS}
TEXT_MODES = {"chat", "completion", "responses"}

# Dollars a unit above which a price can only be a slip, such as a price per thousand read as one per token.
DEAREST = {
    "per_request": Decimal(10), "per_input_image": Decimal(10), "per_output_image": Decimal(10),
    "per_input_second": Decimal(10), "per_output_second": Decimal(10),
    "per_input_character": Decimal("0.001"), "per_output_character": Decimal("0.001"),
    "per_input_pixel": Decimal("0.00001"), "per_output_pixel": Decimal("0.00001"),
    "per_input_query": Decimal(1), "per_page": Decimal(1),
    **dict.fromkeys(SEARCHES.values(), Decimal(1)),
}
DEAREST_TOKEN = Decimal("0.001")
DEAREST_EMBEDDING_TOKEN = Decimal("0.00001")
# An answer's token at more than so many times a prompt's: the prompt's price is wrong.
WIDEST_SPREAD = 50

# The provider of a model as a caller writes it (`cohere/…`), where the table names a family of models instead.
PROVIDERS = {
    "azure_text": "azure",
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "fireworks_ai-embedding-models": "fireworks_ai",
    "text-completion-codestral": "codestral",
    "text-completion-inception": "inception",
    "text-completion-openai": "openai",
}
# What runs on the operator's own machines costs nothing by the token.
OWN_MACHINES = {"bespoke", "laya", "lemonade", "ollama", "searxng", "strands_decider"}
FREE = {"omni-moderation-latest": "moderation is free", "omni-moderation-2024-09-26": "moderation is free"}

# Looked at one by one.
PLAUSIBLE = {"cloudflare/@cf/meta/llama-guard-3-8b": "a classifier: short answers, priced so on the provider's page"}
WRONG = {
    "azure/model-router": "a surcharge on top of the chosen model's price, not a price",
    "azure_ai/model-router": "a surcharge on top of the chosen model's price, not a price",
    "azure_ai/model_router": "a surcharge on top of the chosen model's price, not a price",
    # Free in their preview only; the address given as source is another model's.
    **dict.fromkeys(
        [f"vertex_ai/meta/llama{name}-instruct-maas"
         for name in ("-3.1-70b", "-3.1-8b", "-3.2-90b-vision", "3-405b", "3-70b", "3-8b")],
        "zero from the model's preview",
    ),
}
NOT_MODELS = {"sample_spec": "the table's own example", "fallback_generalizations": "the table's rules, not a model"}


class Report:
    def __init__(self):
        self.dropped = []
        self.corrected = []
        self.unpriced = defaultdict(list)
        self.ignored = Counter()

    def drop(self, name, what, why):
        self.dropped.append(f"{name}: {what}: {why}")

    def correct(self, name, what):
        self.corrected.append(f"{name}: {what}")


def picos(value, name, field, report):
    """Pico-dollars; binary noise is taken off first, and what is finer than a pico-dollar is rounded up."""
    clean = Context(prec=12, rounding=ROUND_HALF_EVEN).create_decimal(value)
    exact = clean * PICO
    whole = exact.to_integral_value(rounding=ROUND_CEILING)
    if whole != exact:
        report.correct(name, f"{field} {value} is finer than a pico-dollar: rounded up to {whole} picos")
    return int(whole)


def usable(value, meter, name, field, report):
    """The price as a number, or None with the reason in the report."""
    if isinstance(value, bool) or not isinstance(value, Decimal) or not value.is_finite():
        report.drop(name, field, "not a number")
        return None
    if value < 0:
        report.drop(name, f"{field} {value}", "negative")
        return None
    dearest = DEAREST_TOKEN if meter in TOKEN_METERS else DEAREST[meter]
    if value > dearest:
        report.drop(name, f"{field} {value}", f"above ${dearest} a unit: a price for many units, read as one for each")
        return None
    return value


def read_rates(name, entry, report):
    """{(meter, tier, above): dollars}; `lost` is set when a token's main price had to be dropped."""
    rates, lost = {}, False

    def put(key, value, field):
        if rates.get(key, value) != value:
            report.correct(name, f"{field} {value} contradicts {rates[key]}: the dearer one is kept")
            value = max(value, rates[key])
        rates[key] = value

    for field, value in entry.items():
        if "cost" not in field and "pricing" not in field and "multiplier" not in field:
            continue
        if field == "tiered_pricing":
            for step in value:
                if "range" not in step:
                    report.ignored[f"{field} without a range of tokens"] += 1
                    continue
                above = int(step["range"][0])
                for part, price in step.items():
                    if part == "range":
                        continue
                    meter = METERS.get(part)
                    price = usable(price, meter, name, f"{field}.{part}", report) if meter else None
                    if price is not None:
                        put((meter, "", above), price, f"{field}.{part}")
            continue
        if field == "search_context_cost_per_query" and isinstance(value, dict):
            read_searches(name, value, put, report)
            continue
        match = FIELD.fullmatch(field)
        meter = METERS.get(match["base"])
        if meter is None or isinstance(value, (dict, list)):
            report.ignored[field] += 1
            continue
        price = usable(value, meter, name, field, report)
        if price is None:
            lost |= meter in {"input", "output"}
            continue
        put((meter, TIERS.get(match["tier"], ""), int(match["above"] or 0) * 1000), price, field)
    return rates, lost


def read_searches(name, value, put, report):
    sizes = {size: value.get(f"search_context_size_{size}") for size in SEARCHES}
    usual = sizes["medium"]
    for size, meter in SEARCHES.items():
        price = sizes[size]
        if price is None or (size != "medium" and price == usual):
            continue
        price = usable(price, meter, name, f"search_context_cost_per_query.{size}", report)
        if price:
            put((meter, "", 0), price, f"search_context_cost_per_query.{size}")


def complete_batch(name, provider, rates, report):
    """Anthropic's discount for batches holds for every kind of token; the table leaves out the cache of an hour."""
    whole, long = ("input", "batch", 0), ("cache_write_1h", "batch", 0)
    standard = rates.get(("cache_write_1h", "", 0))
    if provider == "anthropic" and whole in rates and long not in rates and standard == 2 * rates[("input", "", 0)]:
        rates[long] = 2 * rates[whole]
        report.correct(name, f"cache_write_1h/batch {rates[long]} added: twice the prompt's price, as in the other tiers")


def drop_tokens(name, rates, why, report):
    gone = [key for key in rates if key[0] in TOKEN_METERS]
    if gone:
        report.drop(name, "all token prices", why)
    for key in gone:
        del rates[key]


def at(rates, meter, tier, above):
    """The price that applies: the tier's own or the standard one, at the highest threshold not over `above`."""
    for t in dict.fromkeys((tier, "")):
        steps = [key for key in rates if key[0] == meter and key[1] == t and key[2] <= above]
        if steps:
            return rates[max(steps, key=lambda key: key[2])]
    return None


def check_parts(name, rates, sourced, report):
    """Parts of the prompt and the answer against their whole, tiers against the standard one."""
    for meter, tier, above in sorted(rates):
        price = rates[(meter, tier, above)]
        label = f"{meter}{'/' + tier if tier else ''}{'>' + str(above) if above else ''} {price}"
        whole = at(rates, "input" if meter in INPUT_PARTS else "output", tier, above)
        why = None
        if meter == "cache_read" and whole is not None and price > whole:
            why = "dearer than the prompt's other tokens"
        elif meter == "cache_read" and whole and price == 0 and not sourced:
            why = "zero without a source: unknown rather than free"
        elif meter in ("cache_write", "cache_write_1h") and whole is not None and price < whole:
            why = "cheaper than the tokens themselves, which are in the prompt all the same"
        elif meter in ("audio_input", "image_input", *OUTPUT_PARTS) and whole and price == 0:
            why = "zero beside a priced whole"
        if why is None and tier:
            standard = at({k: v for k, v in rates.items() if k[1] == ""}, meter, "", above)
            if standard is not None and tier in CHEAPER and price > standard:
                why = "dearer than the standard tier"
            elif standard is not None and tier in DEARER and price < standard:
                why = "cheaper than the standard tier"
        if why is None and above and meter in ("input", "output"):
            base = rates.get((meter, tier, 0))
            if base is not None and price < base:
                why = "cheaper for long prompts than for short ones"
        if why:
            report.drop(name, label, why)
            del rates[(meter, tier, above)]


def check_wholes(name, mode, rates, sourced, report):
    source_input, source_output = rates.get(("input", "", 0)), rates.get(("output", "", 0))
    if name in WRONG:
        drop_tokens(name, rates, WRONG[name], report)
    elif mode in TEXT_MODES and source_input and source_output and name not in PLAUSIBLE:
        if source_output < source_input:
            drop_tokens(name, rates, f"an answer's token ({source_output}) is cheaper than a prompt's ({source_input})",
                        report)
        elif source_output > WIDEST_SPREAD * source_input:
            drop_tokens(name, rates, f"an answer's token ({source_output}) costs more than {WIDEST_SPREAD} times a "
                        f"prompt's ({source_input})", report)
    elif mode in ("embedding", "rerank") and (source_input or 0) > DEAREST_EMBEDDING_TOKEN:
        drop_tokens(name, rates, f"${source_input} a token for {mode}: a price per thousand", report)


def convert(name, entry, report):
    if name in NOT_MODELS:
        report.drop(name, "entry", NOT_MODELS[name])
        return None
    provider = entry.get("litellm_provider")
    if not isinstance(provider, str) or re.search(r"[\t\n]", name):
        report.drop(name, "entry", "no provider, or a name that no line can hold")
        return None
    if "-commitment/" in name:
        report.drop(name, "entry", "hired by the hour, not paid by the call")
        return None
    provider = "vertex_ai" if provider.startswith("vertex_ai-") else PROVIDERS.get(provider, provider)

    source = entry.get("source")
    sourced = isinstance(source, str) and re.fullmatch(r"https?://\S+", source) is not None
    mode = entry.get("mode")
    if mode == "chat" and "embed" in name:
        mode = "embedding"
        report.correct(name, "mode chat: it is an embedding model")

    rates, lost = read_rates(name, entry, report)
    if lost:
        drop_tokens(name, rates, "one of the main prices is not usable, and half a price is a wrong one", report)
    if mode == "audio_transcription" and ("per_input_second", "", 0) in rates:
        if rates.pop(("per_output_second", "", 0), None):
            report.correct(name, "output_cost_per_second: the same second of audio, named twice")
    check_wholes(name, mode, rates, sourced, report)
    check_parts(name, rates, sourced, report)
    complete_batch(name, provider, rates, report)
    if mode == "embedding" and rates.get(("output", "", 0)) == 0:
        # An embedding has no answer to count.
        rates = {key: value for key, value in rates.items() if key[0] != "output"}
    if rates and not any(rates.values()) and not sourced and provider not in OWN_MACHINES and name not in FREE:
        report.drop(name, "all prices", "zero without a source: unknown rather than free")
        rates = {}
    if not rates:
        report.unpriced[provider].append(name)

    def tokens(field):
        value = entry.get(field)
        return str(int(value)) if isinstance(value, Decimal) and value > 0 and value == int(value) else "-"

    def text(key):
        meter, tier, above = key
        amount = picos(rates[key], name, meter, report)
        return f"{meter}{'/' + tier if tier else ''}{'>' + str(above) if above else ''}={amount}"

    ordered = sorted(rates, key=lambda key: (TIER_ORDER[key[1]], key[2], ORDER[key[0]]))
    return "\t".join([
        name, provider, mode or "-", tokens("max_input_tokens"), tokens("max_output_tokens"),
        " ".join(map(text, ordered)) or "-", source if sourced else "-",
    ])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("table", type=Path)
    arguments.add_argument("--from", dest="origin", required=True, help="the table's release: LiteLLM 1.109.1")
    arguments.add_argument("--as-of", required=True, help="the day of that release: 2026-11-12")
    arguments = arguments.parse_args()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", arguments.as_of):
        raise SystemExit("--as-of must be a day such as 2026-11-12")

    table = json.loads(arguments.table.read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal)
    report = Report()
    lines = [line for name, entry in table.items() if (line := convert(name, entry, report)) is not None]
    # Byte order: the program searches the lines as they lie.
    lines.sort(key=lambda line: line.split("\t", 1)[0].encode())

    head = [
        "# Prices of AI models. Made by convert_prices.py: don't edit, correct the converter.",
        f"# table: {arguments.origin} price table",
        f"# as-of: {arguments.as_of}",
        f"# licence: {LICENCE}",
        "# columns: name, provider, mode, max input tokens, max output tokens, prices, source, day if not the above",
        "# prices: meter[/tier][>prompt tokens]=pico-dollars (10^-12 USD) a unit; `-`: not known",
    ]
    (HERE / "prices.tsv").write_text("\n".join(head + lines) + "\n", encoding="utf-8")

    unpriced = sum(map(len, report.unpriced.values()))
    text = [
        f"Price book from the {arguments.origin} price table, as of {arguments.as_of}",
        f"{len(table)} entries read, {len(lines)} written, {len(lines) - unpriced} of them with a price",
        "",
        f"Dropped ({len(report.dropped)})", *sorted(report.dropped),
        "",
        f"Corrected ({len(report.corrected)})", *sorted(report.corrected),
        "",
        f"Without a price ({unpriced}), by provider",
        *(f"{provider}: {', '.join(sorted(names))}" for provider, names in sorted(report.unpriced.items())),
        "",
        "Fields that no meter stands for yet, and how often they occur",
        *(f"{count:5} {field}" for field, count in sorted(report.ignored.items())),
    ]
    (HERE / "prices-report.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
    print("\n".join(text[:2]))


if __name__ == "__main__":
    main()
