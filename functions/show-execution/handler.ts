import { apiHandler } from '../common/http/api.ts';
import { describeExecution, kindOfExecution } from '../common/http/execution.ts';
import { connectExecutions } from '../common/http/executions-env.ts';
import { Problem } from '../common/http/problem.ts';

const executions = connectExecutions();

export const handler = apiHandler(async (event) => {
  const cluster = event.pathParameters?.['name'] ?? '';
  const name = event.pathParameters?.['execution'] ?? '';
  const kind = kindOfExecution(cluster, name);
  const view = kind === undefined ? undefined : await describeExecution(executions, kind, name);
  if (view === undefined) {
    throw new Problem('execution_not_found', `Cluster ${cluster} has no execution ${name}.`, [
      { field: 'execution', message: 'is not the name of an execution of this cluster' },
    ]);
  }
  return { status: 200, body: view };
});
