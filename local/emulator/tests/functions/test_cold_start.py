"""Gap functions.cold_start."""

WHERE = """
import { readFileSync, realpathSync } from 'node:fs';
export const handler = async () => ({ folder: realpathSync(process.env.LAMBDA_TASK_ROOT), self: import.meta.url });
"""
OTHER = WHERE.replace("realpathSync(process", "/* another */ realpathSync(process")


def test_the_code_of_a_version_is_unpacked_once(aws):
    (_, first), (_, same), (_, other) = (aws.invoke(aws.function(code)) for code in (WHERE, WHERE, OTHER))
    assert first["folder"] == same["folder"]
    assert first["self"].startswith(f"file://{first['folder']}/")
    assert other["folder"] != first["folder"]
