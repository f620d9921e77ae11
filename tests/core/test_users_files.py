"""Files under fire: whoever is shown with a file has one that is there, and nobody gets more than their room."""

import asyncio

from service.database import Database
from service.database.tables import file_bytes, files, users
from service.users import file_removal, records
from service.users import files as verbs
from service.users.pictures import Picture
from service.users.problems import NoSuch, Problem, Unprocessable
from tests.core.people import HOUSE, a_file, a_user, all_rows, person, user


async def test_a_file_removed_while_somebody_chooses_it_leaves_no_dangling_avatar(database: Database) -> None:
    people = [await a_user(database) for _ in range(4)]
    for _ in range(5):
        file = await a_file(database)
        done = await asyncio.gather(
            *(database.write(records.change, HOUSE, {one: {"avatar": file}}) for one in people[:2]),
            database.write(file_removal.remove, HOUSE, [file]),
            *(database.write(records.change, HOUSE, {one: {"avatar": file}}) for one in people[2:]),
            return_exceptions=True,
        )
        assert {type(one) for one in done} <= {type(None), NoSuch}
        assert {row["avatar"] for row in await database.read(all_rows, users)} == {None}


async def test_a_person_removed_while_another_takes_their_picture_leaves_it_or_takes_it_along(
    database: Database,
) -> None:
    for _ in range(5):
        one, two = await a_user(database), await a_user(database)
        file = await a_file(database, person(one))
        await asyncio.gather(
            database.write(records.remove, HOUSE, [one]),
            database.write(records.change, HOUSE, {two: {"avatar": file}}),
            return_exceptions=True,
        )
        left = {row["id"] for row in await database.read(all_rows, files)}
        assert (await user(database, two))["avatar"] == (file if file in left else None)
        assert {row["file"] for row in await database.read(all_rows, file_bytes)} == left


async def test_uploads_at_the_same_moment_are_counted_one_after_the_other(database: Database) -> None:
    one = person(await a_user(database))
    uploads = [verbs.Upload(Picture(b"x", "image/png", 1, 1), {}) for _ in range(7)]
    done = await asyncio.gather(
        *(database.write(verbs.create, one, uploads) for _ in range(4)), return_exceptions=True
    )
    refused = [problem for problem in done if isinstance(problem, Problem)]
    assert len(refused) == 2 and all(isinstance(problem, Unprocessable) for problem in refused)
    assert len(await database.read(all_rows, files)) == len(await database.read(all_rows, file_bytes)) == 14
