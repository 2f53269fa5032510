"""The people of an institution: roles, and invitations to those who shall have one."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from micro.data.models import Institution
from micro.errors import BadAnswer, Conflict, MicroError, OutsideFailed, TooMuch
from micro.services import invitations, staff
from micro.services.institutions import institution_named
from micro.services.invitations import Invited
from micro.web import letters
from micro.web.account import count_mail
from micro.web.context import current_person, house
from micro.web.desk.frame import blueprint
from micro.web.forms import storable
from micro.web.language import current_language
from micro.web.problems import STATUS, problems_by_field, said


@blueprint.route("/desk/institution/<institution>/staff", methods=["GET", "POST"], endpoint="staff")
def people(institution: str) -> ResponseReturnValue:
    """Who works for the institution, and who is invited; POST changes a role or takes it away."""
    if request.method != "POST":
        return _page(institution)
    role = "" if "remove" in request.form else request.form.get("role", "")
    if "remove" not in request.form and not role:
        raise BadAnswer("role", "Choose a role.")
    with house().database.writing() as session:
        account = staff.change_role(
            session,
            institution_named(session, institution),
            request.form.get("account", ""),
            role,
            request.form.get("seen", ""),
            current_person(),
            house().clock(),
        )
        name, is_me = account.name, account.id == current_person().account_id
    if not role:
        flash(gettext("%(name)s does not work for this institution any more.", name=name), "good")
    else:
        flash(gettext("The role of %(name)s is changed.", name=name), "good")
    may_look = current_person().is_network_admin or not is_me or role == "manager"
    onward = url_for("manage.staff", institution=institution) if may_look else url_for("public.front")
    return redirect(onward, code=303)


@blueprint.post("/desk/institution/<institution>/invite")
def invite(institution: str) -> ResponseReturnValue:
    """Invites somebody by mail."""
    email, role = (storable(request.form.get(name, "")) for name in ("email", "role"))
    try:
        count_mail(email.strip().lower())
        with house().database.writing() as session:
            found = institution_named(session, institution)
            made = invitations.invite(session, found, email, role, current_person().account_id, house().clock())
    except (BadAnswer, Conflict, TooMuch) as error:
        return _page(institution, error)
    _send(found, made)
    return redirect(url_for("manage.staff", institution=institution), code=303)


@blueprint.post("/desk/institution/<institution>/invitation/<invitation>", endpoint="invitation")
def one_invitation(institution: str, invitation: str) -> ResponseReturnValue:
    """Withdraws an open invitation, or sends it again with a new link."""
    actor, now = current_person().account_id, house().clock()
    if "withdraw" in request.form:
        with house().database.writing() as session:
            email = invitations.withdraw(session, institution_named(session, institution), invitation, actor, now)
        flash(gettext("The invitation of %(email)s is withdrawn.", email=email), "good")
        return redirect(url_for("manage.staff", institution=institution), code=303)
    with house().database.reading() as session:
        email = invitations.invitation_at(session, institution_named(session, institution), invitation).email
    try:
        count_mail(email)
    except TooMuch as error:
        return _page(institution, error)
    with house().database.writing() as session:
        found = institution_named(session, institution)
        made = invitations.send_again(session, found, invitation, actor, now)
    _send(found, made)
    return redirect(url_for("manage.staff", institution=institution), code=303)


def _send(institution: Institution, made: Invited) -> None:
    """Sends the mail after the commit. When that fails the invitation is there all the same, and can be sent again."""
    invitation = made.invitation
    try:
        letters.send_invitation(made, institution.name, current_person().name, current_language())
    except OutsideFailed as error:
        onward = gettext("The invitation stands below: send it again from there.")
        flash(f"{said(error)} {onward}", "bad")
    else:
        flash(gettext("An invitation is on its way to %(email)s.", email=invitation.email), "good")


def _page(slug: str, error: MicroError | None = None) -> Response:
    problems = problems_by_field(error) if error else {}
    with house().database.reading() as session:
        found = institution_named(session, slug)
        page = render_template(
            "manage/staff.html",
            institution=found,
            colleagues=staff.colleagues(session, found),
            invitations=invitations.open_invitations(session, found),
            now=house().clock(),
            typed=request.form if error else {},
            problems=problems,
            trouble=said(error) if error and not problems else "",
            here="manage",
        )
    response = make_response(page)
    response.status_code = STATUS[type(error)] if error else 200
    if isinstance(error, TooMuch):
        response.headers["Retry-After"] = str(error.wait_s)
    return response
