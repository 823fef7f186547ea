"""What the API reads and writes. Each model validates, and describes itself in the OpenAPI document."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

from consent.core import periods
from consent.stats import consents, visits

MOST_ROWS = 1000


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        return periods.parse(value)
    except ValueError as error:
        raise PydanticCustomError("day", "{said}", {"said": str(error)}) from None


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
]


def _number(value: str | int) -> int:
    if isinstance(value, str) and not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise PydanticCustomError("number", "{value} is no number.", {"value": repr(value)})
    return int(value)


class Query(BaseModel):
    """A page of an answer. `cursor` is the `next` of the answer before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[
        int,
        Field(ge=1, le=MOST_ROWS, description="Rows of one answer."),
        BeforeValidator(_number),
    ] = MOST_ROWS
    cursor: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=1000,
            description="Where the answer begins: the `next` of the answer before it.",
        ),
    ] = None


class PeriodQuery(Query):
    """Days, in the site's time zone, both included. Without them the last 30."""

    first: Annotated[Day | None, Field(alias="from", description="The first day.")] = None
    last: Annotated[Day | None, Field(alias="to", description="The last day.")] = None


def _among(dimensions: Sequence[str]) -> BeforeValidator:
    def check(value: Any) -> Any:
        if value not in dimensions:
            raise PydanticCustomError(
                "dimension",
                "{value} is no dimension; there are {known}.",
                {"value": repr(value), "known": ", ".join(dimensions)},
            )
        return value

    return BeforeValidator(check)


ROWS_ARE = Field(description="What the rows are.")


class VisitsQuery(PeriodQuery):
    by: Annotated[visits.By, _among(visits.DIMENSIONS), ROWS_ARE] = "day"


class ConsentsQuery(PeriodQuery):
    by: Annotated[consents.By, _among(consents.DIMENSIONS), ROWS_ARE] = "day"


class Written(BaseModel):
    model_config = ConfigDict(frozen=True)


Moment = Annotated[datetime, PlainSerializer(lambda moment: moment.isoformat(), return_type=str)]
Count = Annotated[int, Field(ge=0)]
# None: withheld, or nothing; the two look alike.
Withheld = Annotated[
    int | None, Field(ge=0, description="null: nothing, or too little to be shown.")
]


class Samples(Written):
    """The part of the period whose figures were made up for a demonstration."""

    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]


class Answer(Written):
    site: str
    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day, Field(alias="to")]
    k: Annotated[int, Field(description="The smallest figure that is shown of anything detailed.")]
    samples: Samples | None
    next: Annotated[str | None, Field(description="The cursor of the rows after these.")]


class VisitTotals(Written):
    views: Count
    visits: Count


class VisitDay(Written):
    day: Day
    views: Withheld
    visits: Withheld
    running: Annotated[
        bool, Field(description="The day is not closed: its totals come in steps of k.")
    ]


class Flow(Written):
    """How often one page followed another."""

    page: str
    onward: str
    views: Count


def _counts(by: str, unit: str) -> type[Written]:
    fields: dict[str, Any] = {by: (str, ...), unit: (Count, ...)}
    return create_model(f"Visits by {by}".title().replace(" ", ""), __base__=Written, **fields)


VISIT_ROWS: dict[str, type[Written]] = {
    "day": VisitDay,
    "flow": Flow,
    **{
        by: _counts(by, "views" if by in visits.OF_VIEWS else "visits")
        for by in visits.DIMENSIONS
        if by not in ("day", "flow")
    },
}


class VisitsAnswer(Answer):
    by: visits.By
    unit: Literal["views", "visits"]
    totals: VisitTotals
    other: Annotated[Count, Field(description="Counted in the period, and in no row.")]
    noise: Annotated[
        list[float],
        Field(description="Epsilons with which noise was added to figures. Empty: they are exact."),
    ]
    rows: list[Any]


class ConsentTotals(Written):
    decisions: Count
    accept: Count
    refuse: Count
    choose: Count
    withdraw: Count


class Funnel(Written):
    """From banner to answer, of browsers that let themselves be counted."""

    shown: Annotated[Withheld, Field(description="Visits on which the banner was shown.")]
    answered: Annotated[Withheld, Field(description="Answers that the banner got.")]
    undecided: Withheld


class Publication(Written):
    version: int
    published_at: Moment
    day: Day


class ConsentDay(Written):
    day: Day
    decisions: Withheld
    shown: Annotated[Withheld, Field(description="Visits on which the banner was shown.")]
    running: bool


class ConsentAction(Written):
    action: str
    decisions: Count


class Agreed(Written):
    decisions: Count
    granted: Annotated[Count, Field(description="Of the decisions, those that agreed.")]


OF_DAYS = Field(ge=0, description="All decisions of the days on which that action is shown.")


class ByAction(Written):
    """Decisions, and of the days on which that may be shown, those of each action."""

    decisions: Count
    accept: Withheld
    refuse: Withheld
    choose: Withheld
    withdraw: Withheld
    accept_of: Annotated[int | None, OF_DAYS]
    refuse_of: Annotated[int | None, OF_DAYS]
    choose_of: Annotated[int | None, OF_DAYS]
    withdraw_of: Annotated[int | None, OF_DAYS]


class Seen(ByAction):
    shown: Annotated[Withheld, Field(description="Visits on which the banner was shown.")]


class Took(ByAction):
    """How long it took to answer the banner."""

    took: Annotated[
        int | None,
        Field(description=f"Seconds at most; {10**6}: more than all others; null: nobody knows."),
    ]


CONSENT_ROWS: dict[str, type[Written]] = {
    "day": ConsentDay,
    "action": ConsentAction,
    "took": Took,
    "version": create_model("ConsentsByVersion", __base__=Seen, version=(int, ...)),
    **{
        by: create_model(f"ConsentsBy{by.title()}", __base__=Agreed, **{by: (str, ...)})  # type: ignore[call-overload]
        for by in ("purpose", "service")
    },
    **{
        by: create_model(f"ConsentsBy{by.title()}", __base__=Seen, **{by: (str, ...)})  # type: ignore[call-overload]
        for by in ("language", "device", "country", "layout")
    },
}


class ConsentsAnswer(Answer):
    by: consents.By
    totals: ConsentTotals
    granted: Annotated[dict[str, Count], Field(description="Decisions that agreed, by purpose.")]
    funnel: Funnel
    publications: Annotated[
        list[Publication], Field(description="Versions published in the period.")
    ]
    other: Annotated[
        int | None, Field(description="In the period, and in no row; null: the rows are complete.")
    ]
    rows: list[Any]


class VersionRow(Written):
    version: int
    hash: Annotated[str, Field(description="SHA-256 of the version, in hex.")]
    published_at: Moment
    material: bool


class VersionsAnswer(Written):
    site: str
    rows: list[VersionRow]
    next: str | None


class Receipt(Written):
    """A decision: all that is stored of it but whose it is."""

    site: str
    id: str
    decided_at: str
    version: int
    version_hash: str
    language: str
    words_hash: str
    action: str
    source: str
    purposes: dict[str, bool]
    services: dict[str, bool]
    gpc: bool
    dnt: bool
    device: str
    country: str | None
    took: int | None


class DecisionsAnswer(Written):
    site: str
    rows: list[Receipt]
    next: str | None


class HistoryAnswer(Written):
    site: str
    visitor: str
    decisions: list[Receipt]


class Mistake(Written):
    pointer: str
    detail: str


class Problem(Written):
    """Problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Mistake] = []
