"""Refresh tokens, and whether a session lives."""
from client import problem


def refresh(api, token, **how):
    return api.post("/v1/auth/refresh", {"refresh_token": token}, **how)


def rotated(api, token):
    answer = refresh(api, token)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(api, token):
    problem(refresh(api, token), 401, "invalid_refresh_token")


def signed_in(person, token=None):
    return person.get("/v1/me", token=token or person.token).status_code == 200
