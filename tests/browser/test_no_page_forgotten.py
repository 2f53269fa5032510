"""No page is forgotten: each has a test that opens it and looks at it with check()."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import micro
from tests.browser import test_account_pages as accounts
from tests.browser import test_cutting as cutting
from tests.browser import test_every_page as everyday
from tests.browser import test_first_visit as first_visit
from tests.browser import test_form_builder as builder
from tests.browser import test_layouts as layouts
from tests.browser import test_managers_journey as journey
from tests.browser import test_reviewing as reviewing
from tests.browser import test_states as states
from tests.browser import test_together as together

TEMPLATES = Path(micro.__file__).parent / "templates"
LOOKED_AT: dict[str, Callable[..., None]] = {
    "account/address.html": accounts.test_another_address,
    "account/address_posted.html": accounts.test_another_address,
    "account/claim.html": accounts.test_cards_read_before_signing_in,
    "account/confirm.html": states.test_the_pages_between_signing_up_and_being_let_in,
    "account/forgot.html": everyday.test_pages_for_anyone,
    "account/invitation.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "account/invitation_over.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "account/link_over.html": states.test_the_pages_between_signing_up_and_being_let_in,
    "account/me.html": everyday.test_the_workbench_and_a_volunteers_own_pages,
    "account/new_address.html": accounts.test_another_address,
    "account/notifications.html": states.test_what_somebody_is_told_and_the_end_of_its_mails,
    "account/notifications_end.html": states.test_what_somebody_is_told_and_the_end_of_its_mails,
    "account/posted.html": states.test_the_pages_between_signing_up_and_being_let_in,
    "account/reset.html": states.test_the_pages_on_the_way_to_a_new_password,
    "account/sign_in.html": everyday.test_pages_for_anyone,
    "account/sign_up.html": everyday.test_pages_for_anyone,
    "account/unconfirmed.html": states.test_the_pages_between_signing_up_and_being_let_in,
    "bench/decided.html": together.test_what_the_experts_decided,
    "bench/mine.html": everyday.test_the_workbench_and_a_volunteers_own_pages,
    "bench/sent.html": states.test_a_card_that_was_sent_and_its_record_in_review,
    "bench/terms.html": everyday.test_pages_for_anyone,
    "bench/waiting.html": states.test_what_the_workbench_says_when_there_is_no_card_to_take,
    "bench/work.html": everyday.test_the_workbench_and_a_volunteers_own_pages,
    "data/index.html": everyday.test_pages_for_anyone,
    "data/release.html": everyday.test_pages_for_anyone,
    "error.html": states.test_the_pages_that_refuse,
    "manage/acts.html": everyday.test_the_desks,
    "manage/cutting.html": cutting.test_boxes_are_drawn_looked_at_cut_and_discarded,
    "manage/cutting_look.html": cutting.test_boxes_are_drawn_looked_at_cut_and_discarded,
    "manage/cutting_state.html": cutting.test_boxes_are_drawn_looked_at_cut_and_discarded,
    "manage/form.html": builder.test_the_pages_of_the_form_builder,
    "manage/form_field.html": builder.test_the_pages_of_the_form_builder,
    "manage/form_preview.html": builder.test_the_pages_of_the_form_builder,
    "manage/form_remove.html": builder.test_the_pages_of_the_form_builder,
    "manage/guide.html": first_visit.test_the_managers_pages_of_known_answers_and_the_guide,
    "manage/index.html": everyday.test_the_desks,
    "manage/institution.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/institution_new.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/institutions.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/intake.html": everyday.test_the_desks,
    "manage/known.html": first_visit.test_the_managers_pages_of_known_answers_and_the_guide,
    "manage/known_card.html": first_visit.test_the_managers_pages_of_known_answers_and_the_guide,
    "manage/layout.html": layouts.test_the_page_of_the_boxes_can_be_used_by_everybody,
    "manage/layouts.html": everyday.test_the_desks,
    "manage/new.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/news.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/progress.html": everyday.test_the_desks,
    "manage/project.html": everyday.test_the_desks,
    "manage/quality.html": everyday.test_the_desks,
    "manage/scan.html": everyday.test_the_desks,
    "manage/scans.html": everyday.test_the_desks,
    "manage/settings.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/staff.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/state.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "manage/vocabularies.html": builder.test_the_pages_of_vocabularies,
    "manage/vocabulary.html": builder.test_the_pages_of_vocabularies,
    "manage/vocabulary_concept.html": builder.test_the_pages_of_vocabularies,
    "manage/vocabulary_file.html": builder.test_the_pages_of_vocabularies,
    "manage/vocabulary_plan.html": builder.test_the_pages_of_vocabularies,
    "manage/volunteer.html": everyday.test_the_desks,
    "manage/volunteers.html": everyday.test_the_desks,
    "own/comments.html": states.test_a_card_that_was_sent_and_its_record_in_review,
    "own/thanks.html": everyday.test_the_workbench_and_a_volunteers_own_pages,
    "practice/step.html": first_visit.test_practice_and_its_feedback_have_no_fault,
    "public/about.html": everyday.test_pages_for_anyone,
    "public/accessibility.html": everyday.test_pages_for_anyone,
    "public/contact.html": everyday.test_pages_for_anyone,
    "public/front.html": everyday.test_pages_for_anyone,
    "public/messages_end.html": accounts.test_messages_are_ended_from_a_mail,
    "public/museum.html": first_visit.test_the_public_pages_after_a_guess_and_of_a_museum,
    "public/news.html": journey.test_from_an_empty_system_to_a_live_project_and_back,
    "public/privacy.html": everyday.test_pages_for_anyone,
    "public/project.html": everyday.test_pages_for_anyone,
    "public/projects.html": everyday.test_pages_for_anyone,
    "public/terms.html": everyday.test_pages_for_anyone,
    "review/batch.html": together.test_from_the_queue_to_the_undo,
    "review/past.html": reviewing.test_the_desk_is_for_everybody_and_keys_undo_ask_for_help_and_rest_in_fields,
    "review/queue.html": everyday.test_the_desks,
    "review/record.html": everyday.test_the_desks,
    "review/together.html": together.test_from_the_queue_to_the_undo,
}


def test_every_page_is_looked_at() -> None:
    words = {str(path.relative_to(TEMPLATES)): path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")}
    extended = {name for text in words.values() for name in re.findall(r"{%-? extends ['\"](.+?)['\"]", text)}
    pages = {name for name, text in words.items() if "{% extends" in text or "<!doctype" in text.lower()} - extended
    assert pages == set(LOOKED_AT), "a new page needs a test that opens it and looks at it with check()"
