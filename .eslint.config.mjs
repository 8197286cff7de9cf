// The linter also keeps the architecture: which folder may import which (docs/architecture.md has the same table).
import tseslint from 'typescript-eslint'

/** A folder, the folders of ours it may import, and the packages it may not. The first match of `allow` wins. */
const arrows = [
  { folder: 'machines', allow: ['machines', 'protocols'], onlyPackages: ['xstate'] },
  { folder: 'protocols', allow: ['protocols'] },
  { folder: 'config', allow: ['config'] },
  { folder: 'src/host', allow: ['src/host'] },
  { folder: 'src/criu', allow: ['src/criu', 'src/host'] },
  { folder: 'src/engines', allow: ['src/engines', 'src/criu', 'src/host'] },
  { folder: 'src/mesh', allow: ['src/mesh', 'protocols', 'config'] },
  { folder: 'src/transfer', allow: ['src/transfer', 'protocols'] },
  { folder: 'src/journal', allow: ['src/journal', 'protocols'] },
  { folder: 'src/receipt', allow: ['src/receipt', 'protocols'] },
  { folder: 'src/placement', allow: ['src/placement', 'protocols'] },
  { folder: 'src/api', allow: ['src/api', 'protocols', 'config'] },
  { folder: 'src/cli', allow: ['src/cli', 'src/api', 'src/receipt', 'protocols', 'config'] },
  { folder: 'src/node', allow: ['src', 'machines', 'protocols', 'config'] }
]

const arrowRule = {
  meta: { type: 'problem', schema: [{ type: 'object' }] },
  create(context) {
    const root = import.meta.dirname + '/'
    const file = context.filename.startsWith(root) ? context.filename.slice(root.length) : context.filename
    const { folder, allow, onlyPackages } = context.options[0]
    const check = (node) => {
      const source = node.source?.value
      if (typeof source !== 'string') return
      if (!source.startsWith('.')) {
        if (onlyPackages && !onlyPackages.includes(source)) {
          context.report({ node, message: `${folder}/ may import only ${onlyPackages.join(', ')}, not '${source}'` })
        }
        return
      }
      const target = new URL(source, 'file:///' + file).pathname.slice(1)
      if (!allow.some((a) => target === a || target.startsWith(a + '/'))) {
        context.report({
          node,
          message: `${folder}/ may not import ${target}: arrows go one way (${allow.join(', ')})`
        })
      }
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: (node) => check({ ...node, source: node.source })
    }
  }
}

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'protocols/*/pb/*.ts'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-restricted-globals': ['error', 'require']
    }
  },
  ...arrows.map((arrow) => ({
    files: [`${arrow.folder}/**/*.ts`],
    plugins: { ferry: { rules: { arrows: arrowRule } } },
    rules: { 'ferry/arrows': ['error', arrow] }
  })),
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked }
)
