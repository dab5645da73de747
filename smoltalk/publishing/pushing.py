"""One commit that makes a repository hold a release: nothing of it can be seen before all of it is there.

Files go up first, and what is up is not sent again, whatever happened in between. The commit names the one that it was
made for, so that of two pushes at once the later reads again what is there. An answer that is lost is looked up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smoltalk.errors import Problem, UserError
from smoltalk.hub_calls.asking import impatient
from smoltalk.hub_calls.faults import fault
from smoltalk.publishing.card import merged
from smoltalk.publishing.hub import Hub
from smoltalk.publishing.release import README, Entry, Release
from smoltalk.publishing.remote import Change, Head, change, read_files, read_head

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd

_CONFLICTS = 12
"""Commits of others that may come first."""
_TOGETHER = 100
"""Small files that go up in one call."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a release goes."""

    repo: str
    public: bool = False
    branch: str | None = None
    pull_request: bool = False
    message: str = ""
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What happened so far: for progress."""

    files: int
    of_files: int
    size: int
    of_size: int


@dataclass(slots=True)
class Pushed:
    """How it ended."""

    url: str
    commit: str
    new: bool
    """Whether anything had to be changed."""
    private: bool
    created: bool = False
    notes: list[str] = field(default_factory=list)


See = Callable[[Sent], None]


class Push:
    """Pushes one release. Raises what the Hub's library raises, and `UserError` for what only a person can settle."""

    def __init__(self, release: Release, goal: Goal, hub: Hub, work: Path, see: See = lambda sent: None) -> None:
        self.release, self.goal, self.hub, self.see = release, goal, hub, see
        self._card = work / README
        self._about = hub.about
        self._up: dict[tuple[str, str], CommitOperationAdd] = {}
        self.created = False

    def go(self) -> Pushed:
        """Make the repository hold the release."""
        private = self._repository()
        if self.goal.tag:
            self._may_be_tagged()
        revision = self._branch()
        pushed = self._committed(revision)
        pushed.private, pushed.created = private, self.created
        if self.goal.tag:
            self._tag(pushed)
        if self.goal.public and private:
            pushed.notes.append(f"{self.goal.repo} is private and stays so; its settings on the Hub make it public")
        return pushed

    # ---------------------------------------------------------------- where it goes

    def _repository(self) -> bool:
        """Make it, or look at the one that is there. Whether it is private."""
        api, repo, public = self.hub.api, self.goal.repo, self.goal.public
        if not self.hub.ask(lambda: api.repo_exists(**self._about)):
            self.hub.ask(lambda: api.create_repo(**self._about, private=not public, exist_ok=True))
            self.created = True
        private = bool(self.hub.ask(lambda: api.repo_info(**self._about)).private)
        if not private and not public:
            sentence = f"{repo} is public: what is pushed there, everybody sees at once"
            raise UserError([Problem("REPO_ID", 0, sentence, "say --public, or name another repository")])
        return private

    def _branch(self) -> str:
        if self.goal.branch is None:
            return "main"
        name = self.goal.branch
        self.hub.ask(lambda: self.hub.api.create_branch(**self._about, branch=name, exist_ok=True))
        return name

    def _may_be_tagged(self) -> None:
        """Raises `UserError`, before anything is sent, where the tag is there and what would be pushed is not what it
        names: a release that was told of stays."""
        tags, branches = self._references()
        tagged = tags.get(self.goal.tag or "")
        if tagged is None:
            return
        head = read_head(self.hub, branches.get(self.goal.branch or "main", "main"))
        if head.commit != tagged or self._todo(head):
            raise self._taken(tagged, "nothing was sent; take another tag, or remove this one on the Hub")

    def _references(self) -> tuple[dict[str, str], dict[str, str]]:
        """Tags and branches, and the commits that they name."""
        refs = self.hub.ask(lambda: self.hub.api.list_repo_refs(**self._about))
        tags, branches = ({one.name: one.target_commit for one in some} for some in (refs.tags, refs.branches))
        return tags, branches

    def _taken(self, by: str, hint: str) -> UserError:
        sentence = f"the tag {self.goal.tag} of {self.goal.repo} names another commit, {by[:12]}"
        return UserError([Problem("--tag", 0, sentence, hint)])

    def _tag(self, pushed: Pushed) -> None:
        """Raises `UserError` where somebody else made the tag meanwhile."""
        tag = self.goal.tag or ""
        there = self._references()[0].get(tag)
        if there == pushed.commit:
            return
        if there is not None:
            raise self._taken(there, f"pushed all the same as {pushed.commit[:12]}; tag it anew")
        options: dict[str, Any] = {**self._about, "tag": tag, "revision": pushed.commit, "exist_ok": True}
        self.hub.ask(lambda: self.hub.api.create_tag(**options))

    # ---------------------------------------------------------------- the commit

    def _committed(self, revision: str) -> Pushed:
        conflicts = failures = 0
        sent = False
        while True:
            head = read_head(self.hub, revision)
            todo = self._todo(head)
            if not todo:
                return self._ended(head.commit, revision, new=sent)
            if self.goal.pull_request and (there := self._proposed(head)):
                return Pushed(*there, new=sent, private=True)
            self._upload(todo, revision)
            try:
                with impatient():
                    done = self._commit(head, todo, revision)
            except Exception as error:
                found = fault(error)
                if found is not None and found.stale and conflicts < _CONFLICTS:
                    conflicts += 1
                    self.hub.pause(conflicts)
                elif self.hub.wait(error, failures):
                    failures, sent = failures + 1, True  # it may have been made: what is there now says so
                else:
                    raise
                continue
            if self.goal.pull_request:
                return Pushed(done.pr_url or "", done.oid, new=True, private=True)
            return self._ended(done.oid, revision, new=True)

    def _todo(self, head: Head) -> Change:
        self._card.write_text(merged(head.card, self.release, self.goal.repo), encoding="utf-8")
        return change(self.release, self._card, head.files)

    def _ended(self, commit: str, revision: str, new: bool) -> Pushed:
        url = self.hub.url
        return Pushed(url if revision == "main" else f"{url}/tree/{revision}", commit, new=new, private=True)

    def _proposed(self, head: Head) -> tuple[str, str] | None:
        """URL and commit of an open pull request that holds this release already."""
        open_ones = {"discussion_type": "pull_request", "discussion_status": "open"}
        api, options = self.hub.api, {**self._about, **open_ones}
        for one in self.hub.ask(lambda: list(api.get_repo_discussions(**options))):
            if one.title != self._message():
                continue
            reference = f"refs/pr/{one.num}"
            if not change(self.release, self._card, read_files(self.hub, reference)):
                commit = self.hub.ask(lambda: api.repo_info(**self._about, revision=reference)).sha  # noqa: B023
                return one.url, str(commit)
        return None

    def _message(self) -> str:
        return self.goal.message or (f"Push {self._what()}" + (f" as `{self.release.config}`" if self._is_rows else ""))

    @property
    def _is_rows(self) -> bool:
        return self.release.kind == "dataset"

    def _what(self) -> str:
        return f"{self.release.rows:,} rows" if self._is_rows else f"a model of {len(self.release.entries)} files"

    def _upload(self, todo: Change, revision: str) -> None:
        """Bring up what is not up yet, large files one by one: each is there for good when it is there."""
        from huggingface_hub import CommitOperationAdd

        of_size = sum(one.size for one in todo.added)
        size = 0
        for number, batch in enumerate(batches := _batches(todo.added)):
            self.see(Sent(sum(map(len, batches[:number])), len(todo.added), size, of_size))
            missing = [one for one in batch if (one.path, one.sha256) not in self._up]
            made = {(one.path, one.sha256): CommitOperationAdd(one.path, str(one.here)) for one in missing}
            if made:
                options = {**self._about, "revision": revision, "create_pr": self.goal.pull_request}
                additions = list(made.values())
                self.hub.ask(
                    lambda: self.hub.api.preupload_lfs_files(**options, additions=additions, free_memory=False)  # noqa: B023
                )
            self._up |= made
            size += sum(one.size for one in batch)
        self.see(Sent(len(todo.added), len(todo.added), size, of_size))

    def _commit(self, head: Head, todo: Change, revision: str) -> Any:
        from huggingface_hub import CommitOperationDelete

        operations: list[Any] = [CommitOperationDelete(path) for path in todo.deleted]
        operations += [self._up[one.path, one.sha256] for one in todo.added]
        return self.hub.api.create_commit(
            **self._about,
            operations=operations,
            commit_message=self._message(),
            commit_description=f"{self._what()}, with `smoltalk push`",
            revision=revision,
            parent_commit=head.commit,
            create_pr=self.goal.pull_request,
        )


def _batches(entries: tuple[Entry, ...]) -> list[list[Entry]]:
    """Large files alone, small ones together."""
    small = [one for one in entries if one.size < 5_000_000]
    large = [one for one in entries if one.size >= 5_000_000]
    together = [small[i : i + _TOGETHER] for i in range(0, len(small), _TOGETHER)]
    return [[one] for one in large] + together
