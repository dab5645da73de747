"""The curriculum that nano was trained on knows the right answers to its own questions."""

from smoltalk.contracts import Outcome, Verifier
from smoltalk.rows import Row


class Curriculum(Verifier):
    """Judges every answer of a conversation by the task its question belongs to; `unknown` outside the curriculum."""

    def reads(self) -> frozenset[str]:
        return frozenset({"messages"})

    def verify(self, row: Row) -> Outcome:
        from smoltalk.nano.curriculum import verify_conversation  # loads the whole curriculum

        task, verdict = verify_conversation(row["messages"])
        if verdict is None:
            return Outcome(verdict="unknown", reason=f"{task}: cannot be judged" if task else "not in the curriculum")
        return Outcome(verdict="pass" if verdict else "fail", reason=task or "")
