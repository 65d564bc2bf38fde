/**
 * Which AWS calls a function's code can make, found by walking the code from its handler: what a declaration mentions is walked
 * too, whatever file it stands in, and what nothing mentions is not. A file that is imported for one of its functions thus
 * brings in the calls of that one alone.
 *
 * Methods of an object (`{ put, get }`) are walked once the walk meets an access to a property of that name that the project
 * declares: a store that is only ever read brings in no PutObject. By name and not by type, as an object may be
 * handed on as any other type with the same members.
 */
import { relative, resolve } from 'node:path';
import ts from 'typescript';

/** A command of the AWS SDK that is reached. */
export interface Call {
  /** The package, as imported: `@aws-sdk/client-s3`. */
  readonly client: string;
  /** Without its ending: `GetObject`. A paginator is the command that it pages through. */
  readonly command: string;
  /** Names of the input's members, as far as they are written out where the command is made. */
  readonly members: ReadonlySet<string>;
  /** Where: `functions/common/aws/stop.ts:42`. */
  readonly at: string;
}

/** What is imported from the SDK and calls nothing: clients, what errors are told apart by, conversions. */
const CALLS_NOTHING = /Client$|^(NoSuchKey|NotFound|unmarshall|marshall)$/;

/** The project's own code; nothing else is walked. */
export interface Code {
  readonly program: ts.Program;
  readonly root: string;
}

export function readCode(root: string, entries: readonly string[], settings = resolve(root, 'tsconfig.json')): Code {
  const { config } = ts.readConfigFile(settings, (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return { program: ts.createProgram([...entries], options), root };
}

/** Calls that the exported `handler` of `entry` can make. Throws for an import from the SDK that it does not understand. */
export function callsFrom({ program, root }: Code, entry: string): Call[] {
  const source = program.getSourceFile(entry);
  const checker = program.getTypeChecker();
  const symbol = source && checker.getSymbolAtLocation(source);
  const handler = symbol && checker.tryGetMemberInModuleExports('handler', symbol);
  if (handler === undefined) throw new Error(`${entry} exports no handler.`);
  const walk = new Walk(checker, root);
  walk.declared(handler);
  return walk.finish();
}

class Walk {
  readonly #calls = new Map<string, Call>();
  readonly #seen = new Set<ts.Node>();
  readonly #queue: ts.Node[] = [];
  readonly #accessed = new Set<string>();
  /** Members of objects that nothing has asked for yet, by name. */
  readonly #waiting = new Map<string, ts.Node[]>();
  readonly #checker: ts.TypeChecker;
  readonly #root: string;

  constructor(checker: ts.TypeChecker, root: string) {
    this.#checker = checker;
    this.#root = root;
  }

  finish(): Call[] {
    for (let node = this.#queue.pop(); node !== undefined; node = this.#queue.pop()) this.#visit(node);
    return [...this.#calls.values()];
  }

  declared(symbol: ts.Symbol): void {
    const target = symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of target.declarations ?? []) {
      if (!this.#isOurs(declaration)) continue;
      this.#module(declaration.getSourceFile());
      // A name that is taken out of what a call returns: the call is in the statement around it.
      const whole = ts.isBindingElement(declaration) ? ts.walkUpBindingElementsAndPatterns(declaration) : declaration;
      this.#enter(whole);
    }
  }

  #isOurs(node: ts.Node): boolean {
    const { fileName, isDeclarationFile } = node.getSourceFile();
    return !isDeclarationFile && !fileName.includes('/node_modules/');
  }

  /** What a file does when it is loaded happens whatever is taken from it, and so for the files that it loads. */
  #module(source: ts.SourceFile): void {
    if (this.#seen.has(source)) return;
    this.#seen.add(source);
    for (const statement of source.statements) {
      if (ts.isImportDeclaration(statement)) {
        if (statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) continue;
        const imported = this.#checker.getSymbolAtLocation(statement.moduleSpecifier)?.valueDeclaration;
        if (imported !== undefined && ts.isSourceFile(imported) && this.#isOurs(imported)) this.#module(imported);
      } else if (!isDeclaration(statement)) this.#enter(statement);
    }
  }

  #enter(node: ts.Node): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    this.#queue.push(node);
  }

  #access(name: string): void {
    if (this.#accessed.has(name)) return;
    this.#accessed.add(name);
    this.#queue.push(...(this.#waiting.get(name) ?? []));
    this.#waiting.delete(name);
  }

  #visit(node: ts.Node): void {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    const waits = this.#waitsFor(node);
    if (waits !== undefined && !this.#accessed.has(waits)) {
      this.#waiting.set(waits, [...(this.#waiting.get(waits) ?? []), node]);
      return;
    }
    this.#look(node);
    node.forEachChild((child) => {
      if (!this.#seen.has(child)) this.#visitOnce(child);
    });
  }

  #visitOnce(node: ts.Node): void {
    this.#seen.add(node);
    this.#visit(node);
  }

  /** The name by which this member of an object is reached, if it is a function and the project says what it belongs to. */
  #waitsFor(node: ts.Node): string | undefined {
    if (ts.isMethodDeclaration(node) && ts.isClassLike(node.parent)) return node.name.getText();
    const isMethod = ts.isMethodDeclaration(node) && ts.isObjectLiteralExpression(node.parent);
    const isFunction =
      ts.isPropertyAssignment(node) &&
      (ts.isArrowFunction(node.initializer) || ts.isFunctionExpression(node.initializer));
    if (!isMethod && !isFunction) return undefined;
    const owner = this.#checker.getContextualType(node.parent as ts.ObjectLiteralExpression);
    const member = owner?.getProperty(node.name.getText());
    // Called by a library, or by nobody knows whom: as good as called.
    if (!member?.declarations?.length || !member.declarations.every((one) => this.#isOurs(one))) return undefined;
    return member.name;
  }

  #look(node: ts.Node): void {
    if (ts.isPropertyAccessExpression(node)) this.#member(node.name.text, this.#checker.getSymbolAtLocation(node.name));
    else if (ts.isElementAccessExpression(node)) this.#element(node);
    else if (ts.isBindingElement(node)) this.#taken(node);
    else if (ts.isShorthandPropertyAssignment(node)) {
      const value = this.#checker.getShorthandAssignmentValueSymbol(node);
      if (value !== undefined) this.#mentioned(node.name, value);
    } else if (ts.isIdentifier(node)) {
      const symbol = this.#checker.getSymbolAtLocation(node);
      if (symbol !== undefined) this.#mentioned(node, symbol);
    }
  }

  #member(name: string, symbol: ts.Symbol | undefined): void {
    // Without a declaration nobody knows whose it is; with one elsewhere (a Map's `get`) it is none of ours.
    const declarations = symbol?.declarations ?? [];
    if (declarations.length > 0 && !declarations.some((one) => this.#isOurs(one))) return;
    this.#access(name);
  }

  #element({ argumentExpression, expression }: ts.ElementAccessExpression): void {
    const index = this.#checker.getTypeAtLocation(argumentExpression);
    const owner = this.#checker.getTypeAtLocation(expression);
    for (const type of index.isUnion() ? index.types : [index]) {
      if (type.isStringLiteral()) this.#member(type.value, owner.getProperty(type.value));
    }
  }

  #taken({ parent, name, propertyName }: ts.BindingElement): void {
    const key = propertyName ?? name;
    if (!ts.isObjectBindingPattern(parent) || !ts.isIdentifier(key)) return;
    this.#member(key.text, this.#checker.getTypeAtLocation(parent).getProperty(key.text));
  }

  #mentioned(node: ts.Identifier, symbol: ts.Symbol): void {
    const specifier = symbol.declarations?.find(ts.isImportSpecifier);
    const from = specifier?.parent.parent.parent.moduleSpecifier;
    if (specifier && from && ts.isStringLiteral(from) && from.text.startsWith('@aws-sdk/')) {
      // The import itself is no use of it.
      if (!ts.isImportSpecifier(node.parent))
        this.#sdk(node, from.text, (specifier.propertyName ?? specifier.name).text);
      return;
    }
    this.declared(symbol);
  }

  #sdk(node: ts.Identifier, client: string, name: string): void {
    if (CALLS_NOTHING.test(name)) return;
    const command = /^(?:paginate(.+)|(.+)Command)$/.exec(name);
    const { line } = ts.getLineAndCharacterOfPosition(node.getSourceFile(), node.getStart());
    const at = `${relative(this.#root, node.getSourceFile().fileName)}:${line + 1}`;
    if (command === null)
      throw new Error(`${at}: ${name} of ${client} is neither a command nor known to call nothing.`);
    const call = node.parent;
    const made = ts.isNewExpression(call) || ts.isCallExpression(call);
    if (!made || call.expression !== node)
      throw new Error(`${at}: ${name} is handed on instead of made where it is named.`);
    this.#calls.set(at, {
      client,
      command: command[1] ?? command[2] ?? '',
      members: membersOf(call, this.#checker),
      at,
    });
  }
}

/** Also what spreads and variables bring, as far as their types tell. */
function membersOf(call: ts.NewExpression | ts.CallExpression, checker: ts.TypeChecker): Set<string> {
  const inputs = (call.arguments ?? []).map((input) => checker.getTypeAtLocation(input));
  return new Set(inputs.flatMap((type) => checker.getPropertiesOfType(type).map(({ name }) => name)));
}

function isDeclaration(statement: ts.Statement): boolean {
  return (
    ts.isVariableStatement(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isExportDeclaration(statement)
  );
}
