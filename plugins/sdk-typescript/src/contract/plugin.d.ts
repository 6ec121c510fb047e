// Generated from wit/ by tools/contract.mjs.
/// <reference path="./interfaces/penstock-handler-context.d.ts" />
/// <reference path="./interfaces/penstock-handler-handler.d.ts" />
/// <reference path="./interfaces/penstock-handler-log.d.ts" />
/// <reference path="./interfaces/penstock-handler-outputs.d.ts" />
/// <reference path="./interfaces/penstock-handler-types.d.ts" />
declare module 'penstock:handler/plugin@0.1.0' {
  export type * as PenstockHandlerContext010 from 'penstock:handler/context@0.1.0'; // import penstock:handler/context@0.1.0
  export type * as PenstockHandlerLog010 from 'penstock:handler/log@0.1.0'; // import penstock:handler/log@0.1.0
  export type * as PenstockHandlerOutputs010 from 'penstock:handler/outputs@0.1.0'; // import penstock:handler/outputs@0.1.0
  export type * as PenstockHandlerTypes010 from 'penstock:handler/types@0.1.0'; // import penstock:handler/types@0.1.0
  export * as handler from 'penstock:handler/handler@0.1.0'; // export penstock:handler/handler@0.1.0
}
